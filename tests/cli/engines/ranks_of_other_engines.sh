$VRAMFIT --model qwen3-8b --engine tgi --gpu h100x2 --pp 2 | grep -- --pp
$VRAMFIT --model qwen3-8b --engine sglang --gpu h100x4 --tp 4 --ep 3
$VRAMFIT --model qwen3-30b-a3b --engine sglang --gpu h100x4 --tp 4 --ep 3
$VRAMFIT --model qwen3-8b --engine mlx --gpu apple-m4-max-40x2
$VRAMFIT --model llama3.1-8b --quant q4 --gpu rtx-4090 --ctx 8k --tp 2 | grep -- --tp
exit 0
