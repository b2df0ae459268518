"$VRAMFIT" --model llama3.1-70b --quant fp16 --ctx 32k --gpu h100
