"$VRAMFIT" --model llama3.1-8b --quant q4 --ctx 8k --gpu g5.12xlarge --host-memory 64GiB
