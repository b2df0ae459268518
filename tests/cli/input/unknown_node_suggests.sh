"$VRAMFIT" --model llama3.1-8b --quant q4 --gpu p5.48xlage
