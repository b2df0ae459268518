"$VRAMFIT" --model llama3.1-8b --quant q4 --gpu l4+rtx-4090 --ctx 8k --split none -mg 1 --no-mmap --launch
"$VRAMFIT" --model llama3.1-8b --quant q4 --gpu l4x2 --ctx 8k --split none --main-gpu 2
