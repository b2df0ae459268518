$VRAMFIT compare "" "--quant q8_0 --gpu h100" "--engine vllm@0.19 --quant fp8 --gpu l4x3" "--gpu 'RTX 6000 Ada' --seqs 4" --model qwen3-32b --quant q4 --gpu rtx-4090 --ctx 16k
