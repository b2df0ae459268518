$VRAMFIT --model qwen3-235b-a22b --quant fp8 --engine vllm@0.26 --gpu h100x8 --tp 8 --ctx 32k --seqs 64
