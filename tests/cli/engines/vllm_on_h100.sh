$VRAMFIT --model llama3.1-8b --quant bf16 --engine vllm@0.19 --gpu h100 --ctx 32k --seqs 8
