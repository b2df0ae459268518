"$VRAMFIT" --model qwen3-8b --quant q4_k_m --ctx 8k --gpu cpu --host-memory 32GB --cache-ram 0
