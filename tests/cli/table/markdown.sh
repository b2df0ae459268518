$VRAMFIT table --model qwen3-8b --gpu l4 --quant q4,bf16 --ctx 8k,32k,40k --format markdown
