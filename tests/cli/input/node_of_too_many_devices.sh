"$VRAMFIT" --model llama3.1-8b --quant q4 --gpu gb200-nvl72x2
