# Before mlx-lm 0.30.6 latent attention cached every head's keys and values; before 0.28.2 Mamba 2 had a chunk at once.
peak() { $VRAMFIT --model "$1" --quant mlx-4bit --engine "mlx@$2" --gpu m3-ultra-512gb --ctx 4096 --unit gb | grep -E 'KV|compute|assumes'; }
peak deepseek-v3-671b 0.29.0; peak deepseek-v3-671b 0.30.6
peak granite4-h-small-32b-a9b 0.28.1; peak granite4-h-small-32b-a9b 0.28.2
peak qwen3-8b 0.26.4; peak qwen3-8b 0.27.0
$VRAMFIT --model qwen3-8b --quant mlx-4bit --engine mlx@0.19 --gpu m4-max-128gb
