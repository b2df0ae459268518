$VRAMFIT --model qwen3.6-27b --quant bf16 --engine vllm@0.28 --gpu rtx-pro-6000-blackwell-se --memory 94.97GiB --ctx 8192 --gpu-memory-utilization 0.90
$VRAMFIT --model qwen3.6-27b --quant bf16 --engine vllm@0.28 --gpu rtx-pro-6000-blackwell-se --memory 94.97GiB --ctx 8192 --gpu-memory-utilization 0.90 --max-num-seqs 256 | head -n 1
$VRAMFIT --model qwen3.6-27b --quant bf16 --engine vllm@0.28 --gpu rtx-pro-6000-blackwell-se --memory 94.97GiB --ctx 8192 --gpu-memory-utilization 0.90 --enforce-eager | head -n 1
$VRAMFIT --model qwen3.6-27b --quant bf16 --engine vllm@0.18 --gpu rtx-pro-6000-blackwell-se --memory 94.97GiB --ctx 8192 --gpu-memory-utilization 0.90 | head -n 1
exit 0
