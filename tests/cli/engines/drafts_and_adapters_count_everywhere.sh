for e in sglang tensorrt-llm tgi transformers exllama lmdeploy; do $VRAMFIT --model qwen3-8b --engine $e --gpu h100 --ctx 8k --draft qwen3-0.6b --max-loras 4 --max-lora-rank 64 --explain | grep -E '^  h100.*(draft_|adapter)'; done
$VRAMFIT --model qwen3-8b --quant mlx-4bit --engine mlx --gpu m4-max-64gb --ctx 8k --draft qwen3-0.6b --explain | grep -E '^  apple.*draft_'
