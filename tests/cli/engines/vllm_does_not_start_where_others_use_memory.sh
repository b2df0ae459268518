$VRAMFIT --model llama3.1-8b --quant awq --engine vllm@0.26 --gpu rtx-4090 --used 3GiB --ctx 8k
