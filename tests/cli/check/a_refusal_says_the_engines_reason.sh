cat > compose.yaml <<'Y'
services:
  chat:
    image: vllm/vllm-openai:v0.11.0
    command: --model Qwen/Qwen3-8B --max-model-len 4096
Y
"$VRAMFIT" check compose.yaml --gpu p40
"$VRAMFIT" place compose.yaml --gpu p40 | tail -2
"$VRAMFIT" max seq-len --model llama3.1-8b --method qlora --engine unsloth --micro-batch 1 --lora-rank 32 --gpu rtx-3060-12gb | head -1
