"$VRAMFIT" --model llama3.1-8b --quant q4_k_x --gpu h100
