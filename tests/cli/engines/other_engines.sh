for e in sglang tensorrt-llm tgi transformers exllama; do $VRAMFIT --model qwen3-8b --engine $e --gpu rtx-4090 --ctx 8k; done
$VRAMFIT --model qwen3-8b --quant q4 --engine mlx --gpu apple-m4-max-40 --ctx 8k
