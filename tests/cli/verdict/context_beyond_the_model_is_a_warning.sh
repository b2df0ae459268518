"$VRAMFIT" --model llama3.1-8b --quant q4 --ctx 256k --gpu h100 | head -n 1
