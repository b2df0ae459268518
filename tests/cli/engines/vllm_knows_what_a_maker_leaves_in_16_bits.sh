$VRAMFIT --model nvidia/Gemma-4-26B-A4B-NVFP4 --engine vllm@0.20.2 --gpu rtx-5090 --ctx 8192 --json | grep '"weights_bytes"' | head -n 1
$VRAMFIT --model gemma4-26b-a4b --quant nvfp4 --engine vllm@0.20.2 --gpu rtx-5090 --ctx 8192 --json | grep '"weights_bytes"' | head -n 1
exit 0
