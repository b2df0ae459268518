for n in 0 20 48; do "$VRAMFIT" --model qwen3-30b-a3b --quant q4 --ctx 8k --gpu rtx-4090 --cpu-moe $n --json | grep -m1 weights_bytes; done
"$VRAMFIT" --model qwen3-30b-a3b --quant q4 --ctx 8k --cpu-moe --gpu rtx-4090 --json | grep -m1 weights_bytes
