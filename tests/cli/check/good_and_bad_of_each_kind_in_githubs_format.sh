mkdir -p deploy models
cat >deploy/compose.yaml <<'F'
x-gpu: &gpu
  deploy: {resources: {reservations: {devices: [{driver: nvidia, count: 1, capabilities: [gpu]}]}}}
x-vramfit: {gpu: l4}
services:
  good:
    <<: *gpu
    image: vllm/vllm-openai:latest
    command: --model ${MODEL:-Qwen/Qwen3-8B} --quantization fp8 --max-model-len 16k
  bad:
    <<: *gpu
    image: vllm/vllm-openai:latest
    command: ["--model", "Qwen/Qwen3-32B", "--max-model-len", "32768"]
  db:
    image: postgres:17
F
cat >deploy/k8s.yaml <<'F'
apiVersion: apps/v1
kind: Deployment
metadata: {name: good}
spec:
  template:
    spec:
      nodeSelector: {cloud.google.com/gke-accelerator: nvidia-l4}
      containers:
      - name: main
        image: vllm/vllm-openai:v0.11.0
        args: ["--model=$(MODEL)", --max-model-len, "8192"]
        env: [{name: MODEL, value: Qwen/Qwen3-4B}]
        resources: {limits: {nvidia.com/gpu: 1}}
---
apiVersion: v1
kind: Pod
metadata: {name: bad}
spec:
  nodeSelector: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}
  containers:
  - name: main
    image: lmsysorg/sglang:latest
    command: [python3, -m, sglang.launch_server, --model-path, meta-llama/Llama-3.1-70B-Instruct]
    resources: {limits: {nvidia.com/gpu: "1"}}
F
cat >deploy/swap.yaml <<'F'
macros: {server: "llama-server --port ${PORT}"}
models:
  good:
    cmd: ${server} -hf unsloth/Qwen3-4B-GGUF:Q4_K_M -c 8192
  bad:
    cmd: |
      ${server}
      # the whole context
      -hf unsloth/Qwen3-32B-GGUF:Q8_0 -c 32768 -fit off
F
cat >deploy/models.ini <<'F'
[*]
ctx-size = 8192 ; of all
fit = off
[unsloth/Qwen3-4B-GGUF:Q4_K_M]
n-gpu-layers = 99
[bad]
hf-repo = unsloth/Qwen3-32B-GGUF:Q8_0
F
cat >deploy/llama.service <<'F'
[Service]
Environment="LLAMA_ARG_CTX_SIZE=8192" MODEL=/srv/Qwen3-4B-Q4_K_M.gguf
ExecStart=/usr/bin/numactl --interleave=all /opt/bin/llama-server \
    -m ${MODEL} -fit off
F
cat >deploy/serve.sh <<'F'
#!/bin/sh
set -e
# pkill llama-server starts none
pkill llama-server || true
ARGS="--max-model-len 8192"
LIST=(--quantization fp8)
LIST+=(--gpu-memory-utilization 0.9)
exec vllm serve Qwen/Qwen3-8B $ARGS "${LIST[@]}" >/var/log/vllm 2>&1
F
cat >deploy/Modelfile <<'F'
FROM qwen3:4b
PARAMETER num_ctx 8192
F
cat >deploy/vramfit.yaml <<'F'
vramfit: 1
defaults: {gpu: l4, expect: {min_headroom: 1GiB}}
deployments:
  - name: good
    command: vllm serve Qwen/Qwen3-8B --max-model-len 8k --quantization fp8 --gpu-memory-utilization 0.85
  - {name: bad, model: qwen3-8b, quant: q8_0, ctx: 8k, engine: llama.cpp, expect: {min_seqs: 64}}
F
n() { sed -E 's/[0-9]+\.[0-9]+/N/g; s/would fit: .*/would fit: …/'; }
$VRAMFIT check --gpu l4 --format github --summary summary.md deploy >out; echo $?
n <out; n <summary.md
