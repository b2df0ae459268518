pool() { $VRAMFIT "$@" | grep pool; }
pool --gpu h100x8 -- vllm serve Qwen/Qwen3-8B --data-parallel-size 8 --max-model-len 8192
pool --gpu h100x8 -- python -m sglang.launch_server --model-path deepseek-ai/DeepSeek-V2-Lite --tp 8 --dp 8 --enable-dp-attention
pool --model qwen3-4b --engine vllm --gpu rtx-4090+rtx-3060-12gb --ctx 8k
pool --model qwen3-4b --engine vllm --gpu rtx-3060-12gb+rtx-4090 --ctx 8k
