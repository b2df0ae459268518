$VRAMFIT --gpu rtx-4080 -- vllm serve Qwen/Qwen3-8B --max-model-len auto --kv-cache-dtype fp8 --quantization fp8 --gpu-memory-utilization 0.75 | sed -n '1p;/pool/p;/lowered/p'
$VRAMFIT --model qwen3-8b --quant awq --engine sglang --gpu rtx-4080 --ctx-fits
exit 0
