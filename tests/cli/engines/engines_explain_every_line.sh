for e in sglang tensorrt-llm tgi transformers exllama lmdeploy; do $VRAMFIT --model gemma3-12b --engine $e --gpu h100 --ctx 8k --explain | grep -E '^  (h100|host)'; done
$VRAMFIT --model gemma3-12b --quant mlx-4bit --engine mlx --gpu m4-max-64gb --ctx 8k --explain | grep '^  apple'
