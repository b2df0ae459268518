"$VRAMFIT" --model llama3.1-8b --quant q8_0 --ctx 8k --gpu h200:1g.18gb
