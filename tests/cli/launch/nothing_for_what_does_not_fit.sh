"$VRAMFIT" --model llama3.1-70b --quant q4 --gpu rtx-3060-12gb --ctx 8k --launch | grep launch
"$VRAMFIT" --model llama3.1-8b --engine transformers --gpu h100 --ctx 8k --launch
