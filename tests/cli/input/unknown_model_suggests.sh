"$VRAMFIT" --model lama3.1-8b --quant q4 --gpu h100
