"$VRAMFIT" --model llama3.1-70b --quant q4 --ctx 8k --gpu rtx-4090x3 --split tensor
"$VRAMFIT" --model llama3.1-70b --quant q4 --ctx 8k --gpu rtx-4090x3 --split row
"$VRAMFIT" --model llama3.1-70b --quant q4 --ctx 8k --gpu rtx-4090x3 --split tensor --flash-attn off
