cat > mig.yaml <<'Y'
apiVersion: v1
kind: Pod
metadata: {name: chat}
spec:
  nodeSelector: {nvidia.com/gpu.product: NVIDIA-H100-80GB-HBM3}
  containers:
  - name: vllm
    image: vllm/vllm-openai:v0.11.0
    args: [--model, Qwen/Qwen3-14B, --max-model-len, "8192"]
    resources: {limits: {nvidia.com/mig-1g.20gb: 1}}
---
apiVersion: v1
kind: Pod
metadata: {name: chat2, annotations: {vramfit/gpu: "h100:1g.20gb"}}
spec:
  containers:
  - name: vllm
    image: vllm/vllm-openai:v0.11.0
    args: [--model, Qwen/Qwen3-14B, --max-model-len, "8192"]
    resources: {limits: {nvidia.com/gpu: 1}}
Y
cat > compose.yaml <<'Y'
services:
  chat:
    image: vllm/vllm-openai:v0.11.0
    command: --model Qwen/Qwen3-14B --max-model-len 8192
    x-vramfit: {gpu: "h100:1g.20gb"}
Y
"$VRAMFIT" check mig.yaml compose.yaml
"$VRAMFIT" check mig.yaml --gpu h100 --quiet; echo "exit $?"
"$VRAMFIT" --gpu h100:1g.20gbx2 --model qwen3-32b --quant q4_k_m --ctx 8k; echo "exit $?"
"$VRAMFIT" train --gpu a100-80gb:3g.40gbx2 --model llama3.1-8b --method lora --parallel fsdp; echo "exit $?"
"$VRAMFIT" max gpus --gpu h100:1g.20gb --model qwen3-32b --quant q4_k_m --ctx 8k | head -1
