$VRAMFIT compare "--quant q4" "--engine vllm@0.19 --quant fp8 --gpu l4x3" --model qwen3-32b --gpu rtx-5090 --ctx 16k --json | grep -E "label|refused|verdict|max_"
