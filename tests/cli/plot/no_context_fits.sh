"$VRAMFIT" --model llama3.1-70b --quant q8_0 --ctx 32k --gpu rtx-3060-12gb --plot - | tail -n 20
