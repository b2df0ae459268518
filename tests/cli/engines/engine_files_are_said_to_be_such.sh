$VRAMFIT --model llama3.1-8b --quant fp8 --engine tensorrt-llm@0.19 --gpu rtx-5090 --ctx 2048
$VRAMFIT --gpu l40s -- text-generation-launcher --model-id meta-llama/Llama-3.1-8B-Instruct --max-total-tokens 8192 --max-batch-total-tokens 30000 | grep pool
