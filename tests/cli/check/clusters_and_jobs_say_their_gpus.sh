# Kubernetes: words of ConfigMaps, GPUs by affinity, one word for arguments, Dynamo's and KServe's own places
cat > pods.yaml <<'Y'
apiVersion: v1
kind: ConfigMap
metadata: {name: words}
data: {MODEL: Qwen/Qwen3-8B, LEN: "8192"}
---
apiVersion: v1
kind: Pod
metadata: {name: of-a-map}
spec:
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms:
        - matchExpressions:
          - {key: nvidia.com/gpu.product, operator: In, values: [NVIDIA-L40S]}
          - {key: kubernetes.io/arch, operator: In, values: [amd64]}
          - {key: accelerator, operator: NotIn, values: [l4]}
  containers:
  - name: a
    image: vllm/vllm-openai
    args: ["--model=$(MODEL)", "--max-model-len=$(LEN)", "--served-model-name=$$(MODEL)"]
    env:
    - {name: MODEL, valueFrom: {configMapKeyRef: {name: words, key: MODEL}}}
    - {name: LEN, valueFrom: {configMapKeyRef: {name: words, key: LEN}}}
    resources: {limits: {nvidia.com/gpu: 1}}
  - name: b
    image: vllm/vllm-openai
    args: ["--model=$(MODEL)", "--max-model-len=$(LEN)"]
    envFrom: [{configMapRef: {name: words}}]
    resources: {limits: {nvidia.com/gpu: 1}}
  - name: c
    image: vllm/vllm-openai
    args: Qwen/Qwen3-8B
    resources: {limits: {nvidia.com/gpu: 1}}
---
apiVersion: nvidia.com/v1alpha1
kind: DynamoGraphDeployment
metadata: {name: dynamo}
spec:
  services:
    worker:
      extraPodSpec:
        nodeSelector: {nvidia.com/gpu.product: NVIDIA-L40S}
        mainContainer: {image: vllm/vllm-openai, args: [--model, Qwen/Qwen3-8B, --max-model-len, "8192"], resources: {limits: {nvidia.com/gpu: 1}}}
---
apiVersion: serving.kserve.io/v1alpha1
kind: LLMInferenceService
metadata: {name: kserve}
spec:
  model: {uri: "hf://Qwen/Qwen3-32B", name: q}
  parallelism: {tensor: 4, data: 1}
Y
"$VRAMFIT" check pods.yaml; echo "exit $?"
"$VRAMFIT" check pods.yaml --gpu l40s --json | grep '"judged_on"\|"tp": [0-9]'
# SkyPilot and dstack
printf 'resources:\n  accelerators: [L4:2, A10G:4]\nrun: vllm serve Qwen/Qwen3-8B -tp 2 --max-model-len 8192\n' > list.yaml
printf 'resources:\n  any_of:\n  - {accelerators: L40S}\n  - {accelerators: {H100: 1}}\nrun: vllm serve Qwen/Qwen3-8B --max-model-len 8192\n' > any.yaml
printf 'envs: {MODEL: Qwen/Qwen3-8B}\nrun: vllm serve $MODEL --max-model-len 8192\n' > envs.yaml
printf 'type: service\ncommands: [vllm serve Qwen/Qwen3-8B -tp 2 --max-model-len 8192]\nresources: {gpu: {name: [L40S, H100], count: 2}}\n' > dstack.yaml
"$VRAMFIT" check list.yaml any.yaml envs.yaml dstack.yaml; echo "exit $?"
# compose: a service of another file, variables of one, devices by their names
printf 'services:\n  base:\n    image: vllm/vllm-openai\n    command: --model $MODEL --max-model-len 8192\n' > base.yaml
printf 'MODEL=Qwen/Qwen3-8B\n' > model.env
cat > compose.yaml <<'Y'
services:
  chat:
    extends: {file: base.yaml, service: base}
    command: --model Qwen/Qwen3-8B --max-model-len 4096
    devices: ["nvidia.com/gpu=all"]
    env_file: model.env
  nodes:
    image: vllm/vllm-openai
    command: --model Qwen/Qwen3-8B --max-model-len 4096
    devices: [/dev/nvidia0, /dev/nvidiactl]
  other:
    image: vllm/vllm-openai
    command: --model Qwen/Qwen3-8B --max-model-len 4096
    devices: [/dev/snd]
Y
"$VRAMFIT" check compose.yaml --gpu l40s; echo "exit $?"
