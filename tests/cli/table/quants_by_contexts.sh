$VRAMFIT table --model qwen3-32b --gpu rtx-5090 --quant q4_k_m,q6_k,q8_0 --ctx 8k,32k,64k,128k
