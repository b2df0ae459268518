# keys, files and devices as some write them
cat > localai.yaml <<'F'
- name: chat
  backend: vllm
  parameters: {model: Qwen/Qwen3-8B}
  context_size: 8192
  engine_args: {enable_chunked_prefill: false, enable_prefix_caching: false}
- name: pictures
  backend: diffusers
  parameters: {model: runwayml/stable-diffusion-v1-5}
- name: nothing
  description: no model
F
cat > compose.yaml <<'F'
services:
  card:
    image: vllm/vllm-openai
    command: --model Qwen/Qwen3-8B --max-model-len 8192
    devices: ["/dev/nvidia0:/dev/nvidia0"]
  cdi:
    image: vllm/vllm-openai
    command: --model Qwen/Qwen3-8B --max-model-len 8192
    devices: [nvidia.com/gpu=all]
  sound:
    image: vllm/vllm-openai
    command: --model Qwen/Qwen3-8B --max-model-len 8192
    devices: ["/dev/snd:/dev/snd"]
F
cat > Modelfile <<'F'
# a comment
From qwen3:8b
PARAMETER num_ctx 8192
PARAMETER num_gpu 20
PARAMETER num_batch 256
F
cat > v.yaml <<'F'
vramfit: 1
deployments:
  env: {command: 'vllm serve $MODEL --max-model-len 8192', env: {MODEL: Qwen/Qwen3-8B}, gpu: l4}
F
cat > swap.yaml <<'F'
models:
  one: {proxy: "http://127.0.0.1:1"}
  two: {cmd: "llama-server -m 'x"}
  three: {cmd: "llama-server -hf unsloth/Qwen3-8B-GGUF:Q4_K_M -c 8192"}
F
cat > noswap.yaml <<'F'
models:
  one: {proxy: x}
F
cat > kserve.yaml <<'F'
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: chat}
spec: {predictor: {model: {modelFormat: {name: vLLM}, storageUri: "hf://Qwen/Qwen3-8B", args: [--max-model-len, "8192"], resources: {limits: {nvidia.com/gpu: 1}}}}}
F
for f in localai.yaml compose.yaml Modelfile v.yaml swap.yaml noswap.yaml kserve.yaml; do "$VRAMFIT" check --gpu l4 $f | grep -v deployment; done
"$VRAMFIT" check --gpu l4 Modelfile --json | grep "\"ngl\":\|\"ubatch_tokens\":"
