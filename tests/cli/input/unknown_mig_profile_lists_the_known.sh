"$VRAMFIT" --model llama3.1-8b --quant q4 --gpu h200:1g.19gb
