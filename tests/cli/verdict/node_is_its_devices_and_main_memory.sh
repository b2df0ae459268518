"$VRAMFIT" --model llama3.1-405b --quant q4 --ctx 32k --gpu p5.48xlarge
