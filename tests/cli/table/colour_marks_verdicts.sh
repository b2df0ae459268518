$VRAMFIT table --model qwen3-32b --gpu rtx-4090 --quant q4_k_m,q8_0 --ctx 8k,16k --color always
