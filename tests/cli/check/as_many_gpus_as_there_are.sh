# two ranks on one GPU are refused, whoever says that there is one; a kind of GPU has as many as the ranks
printf 'vllm serve Qwen/Qwen3-8B --max-model-len 4096 -tp 2\n' > tp.sh
for gpu in l4 l4x1 g6.xlarge l4x8 "l4+l4"; do "$VRAMFIT" check tp.sh --gpu "$gpu"; done
"$VRAMFIT" check tp.sh --gpu l4 --gpus 1
# a manifest gives it fewer than --gpu names, or more
cat > own.yaml <<'Y'
vramfit: 1
deployments:
  - {name: all-of-a-machine, gpu: dgx-h100, engine: sglang, model: glm-4.5-air, quant: bf16}
  - {name: one-of-a-kind, gpu: l4, gpus: 1, command: vllm serve Qwen/Qwen3-8B --max-model-len 4096 -tp 2}
  - {name: more-than-there-are, gpu: g6.xlarge, gpus: 2, command: llama-server -m qwen3-8b -c 4096}
  - {name: some-of-a-machine, gpu: g6.12xlarge, gpus: 2, command: llama-server -m qwen3-8b -c 4096}
  - {name: the-smaller-one, gpu: rtx-4090+rtx-3060-12gb, gpus: 1, command: llama-server -m qwen3-32b -c 4096}
  - {name: far-too-many, gpu: l4, gpus: 200, command: llama-server -m qwen3-8b -c 4096}
Y
"$VRAMFIT" check own.yaml
# CUDA: one that stands there twice leaves none, the list ends at what is no number, nothing is none
for list in 0,1 0,0 0,-1,1 "" GPU-a,GPU-b GPU-a,GPU-a; do
  printf 'env CUDA_VISIBLE_DEVICES=%s vllm serve Qwen/Qwen3-8B --max-model-len 4096 -tp 2\n' "$list" > visible.sh
  "$VRAMFIT" check visible.sh --gpu l4
done
"$VRAMFIT" --gpu l4x2 -- env CUDA_VISIBLE_DEVICES=0,0 vllm serve Qwen/Qwen3-8B -tp 2; echo "exit $?"
"$VRAMFIT" --gpu l4 --gpus 200 --model qwen3-8b; echo "exit $?"
# what is no number of GPUs is told, and one without a kind counts for --gpu's
cat > counts.yaml <<'Y'
vramfit: 1
deployments:
  - {name: without-a-kind, gpus: 1, command: vllm serve Qwen/Qwen3-8B --max-model-len 4096 -tp 2}
  - {name: word, gpu: l4, gpus: two, model: qwen3-8b, ctx: 4k}
  - {name: none, gpu: l4, gpus: 0, model: qwen3-8b, ctx: 4k}
Y
"$VRAMFIT" check counts.yaml --gpu l4
printf 'resources: {accelerators: "L4:0.5"}\nrun: vllm serve Qwen/Qwen3-8B --max-model-len 4096\n' > sky.yaml
printf 'type: service\ncommands: [vllm serve Qwen/Qwen3-8B -tp 2 --max-model-len 4096]\nresources: {gpu: {name: L4, count: 1..2}}\n' > dstack.yaml
printf 'servingEngineSpec:\n  modelSpec:\n  - {modelURL: Qwen/Qwen3-8B, requestGPU: one, vllmConfig: {maxModelLen: 4096}}\n' > values.yaml
printf 'CUDA_VISIBLE_DEVICES=$MINE llama-server -hf ggml-org/Qwen3-8B-GGUF:Q4_K_M -c 4096\n' > visible.sh
"$VRAMFIT" check sky.yaml dstack.yaml values.yaml visible.sh --gpu l4x8
printf 'x-vramfit: {gpu: l4, gpus: 2}\nservices:\n  chat:\n    image: vllm/vllm-openai\n    command: --model Qwen/Qwen3-8B --max-model-len 4096 -tp 2\n' > compose.yaml
"$VRAMFIT" check compose.yaml | head -1
"$VRAMFIT" place compose.yaml | head -1
