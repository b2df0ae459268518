cat > pod.yaml <<'Y'
apiVersion: v1
kind: Pod
metadata: {name: chat, annotations: {vramfit/gpu: rtx-4090}}
spec:
  containers:
  - name: server
    image: ghcr.io/ggml-org/llama.cpp:server-cuda
    args: [-hf, ggml-org/gpt-oss-120b-GGUF, -c, "8192", --n-cpu-moe, "30", -np, "1"]
    resources: {limits: {nvidia.com/gpu: 1, memory: 16Gi}}
Y
sed 's/memory: 16Gi/memory: 96Gi/' pod.yaml > more.yaml
cat > compose.yaml <<'Y'
services:
  chat:
    image: ghcr.io/ggml-org/llama.cpp:server-cuda
    command: -hf ggml-org/gpt-oss-120b-GGUF -c 8192 --n-cpu-moe 30 -np 1
    mem_limit: 16g
    x-vramfit: {gpu: rtx-4090}
Y
"$VRAMFIT" check pod.yaml more.yaml compose.yaml
"$VRAMFIT" check more.yaml --host-memory 16GiB | head -2
cat > job.sbatch <<'Y'
#!/bin/bash
#SBATCH --gpus-per-node=rtx-4090:1
#SBATCH --mem=16G --time=10
llama-server -hf ggml-org/gpt-oss-120b-GGUF -c 8192 --n-cpu-moe 30 -np 1
Y
sed 's/--mem=16G/--mem=98304/' job.sbatch > more.sbatch
"$VRAMFIT" check job.sbatch more.sbatch
