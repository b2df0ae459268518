$VRAMFIT table --model qwen3-8b --gpu l4,h100x2 --quant q4,q8 --ctx 8k --format csv
$VRAMFIT table --model qwen3-8b --gpu l4 --engine vllm,llama.cpp --quant awq --ctx 8k --format csv
