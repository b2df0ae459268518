"$VRAMFIT" --model qwen2.5-7b --quant q4 --ctx 8k --gpu rtx-4090 --kv q8_0 --explain
