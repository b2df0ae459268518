"$VRAMFIT" --model llama3.1-8b --quant q4 --gpu h100 --ctx 8k >/dev/full
