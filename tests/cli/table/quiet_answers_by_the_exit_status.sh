$VRAMFIT table --model qwen3-32b --gpu rtx-4090 --quant q8_0,bf16 --ctx 8k,16k --quiet
