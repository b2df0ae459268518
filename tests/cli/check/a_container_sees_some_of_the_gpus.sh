# NVIDIA_VISIBLE_DEVICES counts them; "void" and "all" do not; a slice is one of the GPU that --gpu names
cat > compose.yaml <<'Y'
services:
  two:
    image: ghcr.io/ggml-org/llama.cpp:server-cuda
    command: -hf unsloth/Qwen3-14B-GGUF:Q4_K_M -c 8192
    environment: ["NVIDIA_VISIBLE_DEVICES=0,1"]
  of_a_runtime:
    image: ghcr.io/ggml-org/llama.cpp:server-cuda
    command: -hf unsloth/Qwen3-14B-GGUF:Q4_K_M -c 8192
    environment: [NVIDIA_VISIBLE_DEVICES=void]
Y
cat > mig.yaml <<'Y'
apiVersion: v1
kind: Pod
metadata: {name: chat}
spec:
  containers:
  - name: vllm
    image: vllm/vllm-openai:v0.11.0
    args: [--model, Qwen/Qwen3-14B-AWQ, --max-model-len, "8192"]
    resources: {limits: {nvidia.com/mig-1g.20gb: 1}}
Y
"$VRAMFIT" check --gpu h100 compose.yaml mig.yaml --json | grep '"visible"\|"judged_on"\|"need_bytes"'
# a folder's config.json that cannot be read is a model whose faults are told; one of something else is none
mkdir -p folder/bad
echo '{"model_type": "llama", ' > folder/bad/config.json
echo '{"a": 1}' > folder/config.json
"$VRAMFIT" check --gpu l4 folder; echo "exit $?"
