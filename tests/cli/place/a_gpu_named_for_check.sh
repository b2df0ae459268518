cat > compose.yaml <<'Y'
services:
  chat:
    image: vllm/vllm-openai:v0.11.0
    command: --model Qwen/Qwen3-8B --max-model-len 8192
    x-vramfit: {gpu: l4}
Y
"$VRAMFIT" place compose.yaml --gpu l4 | sed -n 1,3p
"$VRAMFIT" check compose.yaml | head -1
sed 's/gpu: l4/gpu: 1/' compose.yaml > one.yaml
"$VRAMFIT" place one.yaml --gpu l4x2 | sed -n 1,3p
