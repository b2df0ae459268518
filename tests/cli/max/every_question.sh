$VRAMFIT max seqs --model qwen3-32b --quant q4_k_m --gpu rtx-4090 --ctx 4k
$VRAMFIT max quant --model qwen3-32b --gpu rtx-4090 --min-ctx 16k
$VRAMFIT max kv --model qwen3-32b --gpu rtx-4090 --quant q4 --min-ctx 20k
$VRAMFIT max gpus --model llama3.1-70b --gpu l4 --quant fp8 --engine vllm@0.19 --ctx 8k
$VRAMFIT max gpus --model llama3.1-70b --gpu rtx-4090 --quant q4 --ctx 8k
$VRAMFIT max ngl --model llama3.1-70b --gpu rtx-4090 --quant q4 --ctx 8k
$VRAMFIT max n-cpu-moe --model qwen3-30b-a3b --gpu rtx-3060-12gb --quant q4 --ctx 8k
$VRAMFIT max gpu --model qwen3-32b --quant q4 --ctx 16k --gpu a10,l4,l40s
