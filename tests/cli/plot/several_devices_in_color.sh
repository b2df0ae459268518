"$VRAMFIT" --model llama3.1-70b --quant q4 --ctx 8k --gpu rtx-4090+rtx-3090 --color always --plot - | sed -n '/capacity/,$d;/of 2/p'
