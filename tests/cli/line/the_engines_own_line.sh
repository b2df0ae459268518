# Behind -- everything is the engine's, and what it says is what runs.
"$VRAMFIT" --gpu rtx-4090 -- llama-server -m qwen3-8b:q4_k_m -c 32768 -np 4 --host 0.0.0.0 --port 8080 --jinja | sed -n '1p;/not read/p'; 
"$VRAMFIT" --gpu rtx-4090 --ctx 8k -- llama-server -m qwen3-8b:q4_k_m -c 32768 -np 4 | head -n 1
"$VRAMFIT" --gpu h100x4 -- vllm serve Qwen/Qwen3-8B --max-model-len 8k | head -n 1
"$VRAMFIT" --gpu h100x4 -- python3 -m sglang.launch_server --model-path Qwen/Qwen3-8B --tp 2 --context-length 8192 --mem-frac 0.8 | head -n 1
"$VRAMFIT" --gpu h100 -- trtllm-serve Qwen/Qwen3-8B --max_seq_len 8192 --kv_cache_dtype fp8 | head -n 1
"$VRAMFIT" --gpu h100 -- text-generation-launcher --model-id Qwen/Qwen3-8B --max-total-tokens 8192 | head -n 1
"$VRAMFIT" --gpu rtx-4090 -- env OLLAMA_CONTEXT_LENGTH=8192 ollama run qwen3:8b "why is the sky blue?" | head -n 1
LLAMA_ARG_CTX_SIZE=4096 "$VRAMFIT" --gpu rtx-4090 -- llama-server -m qwen3-8b:q4_k_m -np 1 | head -n 1
"$VRAMFIT" max ctx --gpu rtx-4090 -- llama-server -m qwen3-8b -np 1 | head -n 1
"$VRAMFIT" table --gpu rtx-4090 --quant q4_k_m,q8_0 --ctx 8k,16k -- llama-server -m qwen3-8b -np 1 | head -n 5
"$VRAMFIT" --gpu rtx-3060x2 --quiet -- llama-server -m qwen3-30b-a3b:q4_k_m -c 8192 -np 1 -ot 'blk\.([0-9]|[1-3][0-9])\.=CUDA0' -ot 'blk\.(4[0-7])\.=CUDA1'; echo "exit $?"
"$VRAMFIT" --gpu h100 --strict --quiet -- vllm serve Qwen/Qwen3-8B --max-model-len 8k --totally-bogus 5; echo "exit $?"
