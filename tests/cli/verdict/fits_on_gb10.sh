"$VRAMFIT" --model llama3.1-70b --quant q4 --ctx 32k --gpu gb10
