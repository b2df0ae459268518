"$VRAMFIT" --model gemma3-27b --quant q4 --ctx 8k --gpu rtx-4090 --mmproj auto
"$VRAMFIT" --model llama3.1-8b --quant q4 --ctx 8k --gpu rtx-4090 --mmproj auto
"$VRAMFIT" --model llama3.1-8b --quant q4 --ctx 8k --gpu rtx-4090 --spec-type draft-mtp
