cat > .env <<'X'
MODEL=Qwen/Qwen3-8B
X
cat > compose.yaml <<'Y'
name: home
x-vramfit: {gpu: rtx-4090}
x-gpu: &gpu
  deploy:
    resources:
      reservations:
        devices: [{driver: nvidia, count: 1, capabilities: [gpu]}]
services:
  base:
    image: vllm/vllm-openai:v0.11.0
    environment: [HF_HOME=/models]
    profiles: [never]
    command: --model opt-125m
  chat:
    <<: *gpu
    extends: {service: base}
    command: --model ${MODEL} --max-model-len ${LENGTH:-8192} --gpu-memory-utilization 0.3 --frobnicate
    profiles: [all]
    environment:
      - HF_TOKEN=${HF_TOKEN}
  ollama:
    image: ollama/ollama
    x-vramfit: [{model: "llama3.1:8b", ctx: 8192}, {model: "qwen3:4b", ctx: 8192}]
    environment: {OLLAMA_MAX_LOADED_MODELS: 2}
  db:
    image: postgres:16
Y
"$VRAMFIT" place compose.yaml --profile all
echo "exit $?"
sed 's/ctx: 8192/ctxx: 8192/' compose.yaml > other.yaml
"$VRAMFIT" place other.yaml
sed 's/service: base/service: nobody/' compose.yaml > other.yaml
"$VRAMFIT" place other.yaml
printf 'gpu: gb10\nworkloads:\n  - {name: chat, model: "llama3.1:8b", ctx: 8k}\n  - name: training\n    size: 30GB\n    class: training\n' > box.yaml
"$VRAMFIT" place box.yaml --quiet
echo "exit $?"
