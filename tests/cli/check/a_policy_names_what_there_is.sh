printf 'services:\n  chat:\n    image: vllm/vllm-openai\n    command: --model Qwen/Qwen3-8B --max-model-len 8192\n' > compose.yaml
"$VRAMFIT" check compose.yaml --gpu rtx-9999; echo "exit $?"
"$VRAMFIT" check compose.yaml --gpu l4 --engine vlm; echo "exit $?"
"$VRAMFIT" check compose.yaml --gpu l4 --quant q99; echo "exit $?"
"$VRAMFIT" check compose.yaml --gpu l4x2 --engine trl --quant q4 --quiet; echo "exit $?"
