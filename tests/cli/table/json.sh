$VRAMFIT table --model qwen3-8b --gpu l4 --quant q4,awq --ctx 8k --json
