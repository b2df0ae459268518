"$VRAMFIT" --model llama3.1-8b --quant q4 --ctx 8k --gpu rtx-3060-12gb --used 5GiB --strict --quiet
