"$VRAMFIT" --model llama3.1-8b --quant q4 --gpu rtx-3060-12gb --ctx 8k --launch --json | sed -n '/"launch"/,$p'
