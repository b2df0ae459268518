$VRAMFIT --model llama3.1-8b --quant bf16 --engine vllm --gpu h100x3 --tp 3
$VRAMFIT --model llama3.1-8b --quant bf16 --engine vllm --gpu h100x2 --tp 2 --ep 2
$VRAMFIT --model qwen3-235b-a22b --quant fp8-block --engine vllm --gpu h100x8 --tp 8
$VRAMFIT --model llama3.1-8b --quant bf16 --engine vllm --gpu h100x4 --tp 2
$VRAMFIT --model llama3.1-8b --quant mlx-4bit --engine vllm --gpu h100
$VRAMFIT --model llama3.1-8b --quant bf16 --engine vllm --gpu h100 --kv q4_0
$VRAMFIT --model llama3.1-8b --quant bf16 --engine vllm --gpu cpu --host-memory 64GiB
$VRAMFIT --model llama3.1-8b --quant nvfp4 --engine tensorrt-llm --gpu h100
$VRAMFIT --model llama3.1-8b --quant bf16 --engine transformers --gpu h100x2 --tp 2
exit 0
