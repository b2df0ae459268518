"$VRAMFIT" --model llama3.1-8b --quant q4 --ctx 32k --gpu rtx-3060-12gb --plot - | tail -n 22
