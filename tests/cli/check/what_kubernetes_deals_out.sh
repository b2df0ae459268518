# amounts of Kubernetes' resources: slices, shares, none, and what is no amount
pod() { # NAME LIMITS ENGINE'S WORDS
  printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec:\n  containers:\n  - image: %s\n    args: [%s]\n    resources: {limits: {%s}}\n' "$1" "$4" "$3" "$2"
}
one() { pod "$1" "$2" "--model, Qwen/Qwen3-8B, --max-model-len, '4096'" vllm/vllm-openai > "$1.yaml"; }
one slice "nvidia.com/mig-1g.10gb: 1"
for gpu in h100 h100x8 h100:1g.10gb h100:1g.20gb b200 l4; do "$VRAMFIT" check slice.yaml --gpu $gpu; done
one no-slice "nvidia.com/mig-7g.999gb: 1"
one two-slices "nvidia.com/mig-1g.10gb: 1, nvidia.com/mig-3g.40gb: 1"
one cores "nvidia.com/gpu: 1, nvidia.com/gpucores: 30"
one cores-first "nvidia.com/gpucores: 30, nvidia.com/gpu: 1"
one megabytes "nvidia.com/gpu: 1, nvidia.com/gpumem: 3000"
one percent "nvidia.com/gpu: 1, nvidia.com/gpumem-percentage: 10"
one none "nvidia.com/gpu: 0"
one word "nvidia.com/gpu: one"
one negative "nvidia.com/gpu: -1"
one thousand "nvidia.com/gpu: 1k"
one thousandths "nvidia.com/gpu: 1000m"
one half "nvidia.com/gpu: 0.5"
one unknown "aliyun.com/gpu-mem: 8"
"$VRAMFIT" check no-slice.yaml two-slices.yaml cores.yaml cores-first.yaml megabytes.yaml percent.yaml none.yaml \
  word.yaml negative.yaml thousand.yaml thousandths.yaml half.yaml unknown.yaml --gpu h100
# memory in any of its units; what is no size is told
for memory in 4000000000000m 4e9 4G 4194304Ki 64Gi lots; do
  pod m "nvidia.com/gpu: 1, memory: $memory" "-hf, ggml-org/gpt-oss-120b-GGUF, -c, '8192', --n-cpu-moe, '30', -np, '1', --no-mmap" ghcr.io/ggml-org/llama.cpp:server-cuda > memory.yaml
  "$VRAMFIT" check memory.yaml --gpu rtx-4090 | head -2
done
# a sidecar stays, another init container does not; variables that are not here
cat > side.yaml <<'Y'
apiVersion: v1
kind: Pod
metadata: {name: side}
spec:
  initContainers:
  - {image: vllm/vllm-openai, restartPolicy: Always, args: [--model, Qwen/Qwen3-32B], resources: {limits: {nvidia.com/gpu: 1}}}
  - {image: vllm/vllm-openai, args: [--model, Qwen/Qwen3-32B], resources: {limits: {nvidia.com/gpu: 1}}}
  containers:
  - image: ghcr.io/ggml-org/llama.cpp:server-cuda
    args: [-hf, "ggml-org/Qwen3-8B-GGUF:Q4_K_M", -np, "1", -c, "4096"]
    envFrom: [{configMapRef: {name: elsewhere}}, {secretRef: {name: token}}]
    env: [{name: HF_TOKEN, valueFrom: {secretKeyRef: {name: token, key: t}}}]
  - image: ghcr.io/ggml-org/llama.cpp:server-cuda
    args: [-hf, "ggml-org/Qwen3-8B-GGUF:Q4_K_M"]
    env: [{name: LLAMA_ARG_CTX_SIZE, valueFrom: {configMapKeyRef: {name: elsewhere, key: ctx}}}]
  - image: busybox
    envFrom: [{configMapRef: {name: elsewhere}}]
Y
"$VRAMFIT" check side.yaml --gpu l4; echo "exit $?"
