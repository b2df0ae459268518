$VRAMFIT --model qwen3.5-27b --quant bf16 --engine vllm@0.19 --gpu h100 --ctx 32k --max-num-seqs 256 --explain
