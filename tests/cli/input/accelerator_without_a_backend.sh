"$VRAMFIT" --model llama3.1-8b --quant q4 --gpu tpu-v5e
