$VRAMFIT table --model qwen3-8b --gpu rtx-3060-12gb,rtx-4090 --quant q4_k_m,q8_0 --seqs 1,4 --ctx 8k
