"$VRAMFIT" --model llama3.1-8b --quant q4 --ctx 8k --gpu h100 --quiet; "$VRAMFIT" --model llama3.1-70b --quant q4 --gpu rtx-4090 --quiet
