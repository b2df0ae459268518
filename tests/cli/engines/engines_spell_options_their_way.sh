$VRAMFIT --model qwq-32b --quant bf16 --engine sglang@0.4.3 --gpu l4x4 --ctx 131072 --allow-long-ctx --tp-size 4 --mem-fraction-static 0.85 --chunked-prefill-size 2048 | grep pool
$VRAMFIT --model llama3.1-8b --quant bf16 --engine trtllm --gpu h100 --max-model-len 8192 --free_gpu_memory_fraction 0.8 --max_num_tokens 4096 --max_batch_size 64 | grep pool
$VRAMFIT --model llama3.1-8b --quant bf16 --engine vllm@0.19 --gpu h100x2 -tp 2 --max-model-len 8192 --kv-cache-dtype fp8 --gpu-memory-utilization 0.85 | grep pool
