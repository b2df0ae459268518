$VRAMFIT max ctx --model llama3.1-70b --quant q8_0 --gpu rtx-4090
