$VRAMFIT compare "--quant q4" "--quant q8_0 --kv q8_0" --model qwen3-32b --gpu rtx-4090 --ctx 16k
