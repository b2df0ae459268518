# later documents stand over earlier ones, for place as well
cat > many.yaml <<'Y'
services:
  chat:
    image: vllm/vllm-openai
    command: --model Qwen/Qwen3-8B --max-model-len 4096
    environment: {VLLM_LOGGING_LEVEL: INFO}
---
services:
  chat:
    command: --model Qwen/Qwen3-8B --max-model-len 400000
  other:
    image: vllm/vllm-openai
    command: --model Qwen/Qwen3-0.6B --max-model-len 4096 --gpu-memory-utilization 0.4
---
x-vramfit: {gpu: l4}
Y
"$VRAMFIT" check many.yaml; echo "exit $?"
"$VRAMFIT" place many.yaml | head -1
# one GPU for each container of a service is the same one
cat > scale.yaml <<'Y'
services:
  chat:
    image: ghcr.io/ggml-org/llama.cpp:server-cuda
    command: -hf ggml-org/Qwen3-8B-GGUF:Q4_K_M -c 8192 -np 1 --cache-ram 0
    scale: 3
  pools:
    image: vllm/vllm-openai
    command: --model Qwen/Qwen3-0.6B --max-model-len 4096 --gpu-memory-utilization 0.45
    deploy: {replicas: 3}
  asked:
    image: ghcr.io/ggml-org/llama.cpp:server-cuda
    command: -hf ggml-org/Qwen3-8B-GGUF:Q4_K_M -c 8192 -np 1
    scale: ${HOW_MANY}
Y
"$VRAMFIT" check scale.yaml --gpu l4; echo "exit $?"
sed 's/scale: 3/scale: 2/; s/replicas: 3/replicas: 2/' scale.yaml > fewer.yaml
"$VRAMFIT" check fewer.yaml --gpu l4; echo "exit $?"
# what is visible, how many are reserved, and what x-vramfit says of both
cat > gpus.yaml <<'Y'
x-vramfit: {gpu: l4, gpus: 1}
x-engine: &engine
  image: vllm/vllm-openai
  command: --model Qwen/Qwen3-8B --max-model-len 4096 -tp 2
services:
  one: {<<: *engine}
  none: {<<: *engine, environment: {CUDA_VISIBLE_DEVICES: ""}}
  not-any: {<<: *engine, environment: [NVIDIA_VISIBLE_DEVICES=none]}
  two-of-one: {<<: *engine, environment: {NVIDIA_VISIBLE_DEVICES: "0", CUDA_VISIBLE_DEVICES: "0,1"}}
  zero: {<<: *engine, deploy: {resources: {reservations: {devices: [{capabilities: [gpu], count: 0}]}}}}
  word: {<<: *engine, deploy: {resources: {reservations: {devices: [{capabilities: [gpu], count: two}]}}}}
Y
"$VRAMFIT" check gpus.yaml; echo "exit $?"
# files of variables: comments, quotes, variables; what is not here is told, or an error for place
cat > vars.env <<'Y'
# all of it
export LLAMA_ARG_CTX_SIZE=${CTX} # tokens
LLAMA_ARG_N_PARALLEL: "2" # slots
LLAMA_ARG_ALIAS='a # b'
LLAMA_ARG_CACHE_RAM=0
Y
echo 'CTX=16384 # the usual' > .env
cat > files.yaml <<'Y'
services:
  chat:
    image: ghcr.io/ggml-org/llama.cpp:server-cuda
    command: -hf ggml-org/Qwen3-8B-GGUF:Q4_K_M
    env_file: [vars.env, {path: may-lack.env, required: false}]
  lacks:
    image: ghcr.io/ggml-org/llama.cpp:server-cuda
    command: -hf ggml-org/Qwen3-8B-GGUF:Q4_K_M -c 4096
    env_file: secret.env
  shells:
    image: ghcr.io/ggml-org/llama.cpp:server-cuda
    command: -hf ggml-org/Qwen3-8B-GGUF:Q4_K_M
    environment: [LLAMA_ARG_CTX_SIZE, HF_TOKEN]
  db: {image: postgres, env_file: secret.env}
include: [more.yaml]
Y
"$VRAMFIT" check files.yaml --gpu l4; echo "exit $?"
"$VRAMFIT" check files.yaml --gpu l4 --json | grep '"ctx_tokens"\|"seqs"'
"$VRAMFIT" place files.yaml --gpu l4; echo "exit $?"
sed '/^include/d' files.yaml > lacks.yaml
"$VRAMFIT" place lacks.yaml --gpu l4; echo "exit $?"
sed '/^  lacks/,/^  db/d; /^include/d' files.yaml > whole.yaml
"$VRAMFIT" place whole.yaml --gpu l4 | grep chat
printf 'services:\n  chat:\n    image: vllm/vllm-openai\n    command: --model ${M\n' > brace.yaml
printf 'services:\n  chat:\n    image: vllm/vllm-openai\n    command: --model Qwen/Qwen3-8B\n' > good.yaml
"$VRAMFIT" check brace.yaml good.yaml --gpu l4; echo "exit $?"
printf 'gpu: l4\nworkloads: [{name: a, model: qwen3-8b}]\n---\ngpu: h100\n' > box.yaml
"$VRAMFIT" place box.yaml; echo "exit $?"
# systemd has no comments behind a value, and files of its own
printf '[Service]\nEnvironmentFile=-/etc/default/llama\nEnvironmentFile=vars\nExecStart=/usr/bin/llama-server -hf ggml-org/Qwen3-8B-GGUF:Q4_K_M -np 1\n' > llama.service
printf '; all\nLLAMA_ARG_CTX_SIZE="8192"\n' > vars
"$VRAMFIT" check llama.service --gpu l4 
