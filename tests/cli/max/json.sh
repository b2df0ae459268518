$VRAMFIT max ctx --model qwen3-32b --quant q4_k_m --gpu rtx-4090 --json
$VRAMFIT max quant --model qwen3-32b --gpu rtx-3060-12gb --ctx 8k --json
$VRAMFIT max gpus --model llama3.1-70b --gpu l4 --quant fp8 --engine vllm@0.19 --ctx 8k --json
