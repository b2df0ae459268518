# Heads of 256 have no fused kernel: 16 heads x 2048 tokens x context, which heads of 128 do not take.
at() { $VRAMFIT --model "$1" --quant mlx-4bit --engine mlx --gpu m4-max-128gb --ctx "$2" --unit gb | grep -E 'compute|needs'; }
at qwen3.6-35b-a3b 8192; at qwen3.6-35b-a3b 196608
at qwen3-30b-a3b 8192; at qwen3-30b-a3b 40960
$VRAMFIT --model qwen3.6-27b --quant mlx-4bit --engine mlx --gpu m2-max-64gb --explain | grep -E 'NO-FIT|would fit|activation'
