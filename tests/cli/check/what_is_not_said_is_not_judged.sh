n() { sed -E 's/[0-9]+\.[0-9]+/N/g; s/would fit: .*/would fit: …/'; }
cat >compose.yaml <<'F'
services:
  nogpu:
    image: vllm/vllm-openai
    command: --model Qwen/Qwen3-8B
  unset:
    image: vllm/vllm-openai
    command: ["--model", "Qwen/Qwen3-8B", "--max-model-len", "${LEN}"]
  other:
    image: ghcr.io/somebody/whisper:1
    gpus: all
  unread:
    image: vllm/vllm-openai
    command: --model Qwen/Qwen3-8B --kv-cache-dtype fp9 --not-an-option 3
F
printf 'a: [1\nb: }\n' >broken.yaml
$VRAMFIT check compose.yaml >out; code=$?; n <out; echo $code
$VRAMFIT check --strict compose.yaml >/dev/null >out; code=$?; n <out; echo $code
$VRAMFIT check broken.yaml compose.yaml --gpu l4 >out; code=$?; n <out; echo $code
$VRAMFIT check nowhere.yaml >out; code=$?; n <out; echo $code
$VRAMFIT check >out; code=$?; n <out; echo $code
echo '{"a": 1}' | $VRAMFIT check - >out; code=$?; n <out; echo $code
echo 'kind: Pod' >pod.yaml; mkdir empty; $VRAMFIT check empty pod.yaml >out; code=$?; n <out; echo $code
