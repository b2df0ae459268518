"$VRAMFIT" --model llama3.1-70b --quant q4 --ctx 16k --gpu rtx-4090+rtx-3090 --host-memory 64GiB
