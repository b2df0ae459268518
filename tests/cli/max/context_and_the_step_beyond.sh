$VRAMFIT max ctx --model qwen3-32b --quant q4_k_m --gpu rtx-4090
$VRAMFIT max ctx --model qwen3-32b --quant q2_k --gpu h100
$VRAMFIT max ctx --model qwen3-8b --engine vllm@0.19 --quant bf16 --gpu l4
