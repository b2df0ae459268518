$VRAMFIT table --model qwen3-8b --quant awq,q8_0 --ctx 8k --gpu rtx-4090 --engine any --columns quant
