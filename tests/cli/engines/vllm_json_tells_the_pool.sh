$VRAMFIT --model llama3.1-8b --quant fp8 --engine vllm@0.21 --gpu h100x2 --tp 2 --ctx 32k --json
