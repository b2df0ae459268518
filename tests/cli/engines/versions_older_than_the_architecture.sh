said() { echo "$1 $2"; $VRAMFIT --engine $1 --model $2 --gpu h200x2 --ctx 4k | grep -E "^[A-Z]|does not know|of its own for" | cut -c1-150; }
said llama.cpp@b4500 gpt-oss-20b
said llama.cpp@b4000 qwen3-8b
said llama.cpp@b5091 qwen3-8b
said llama.cpp@b5092 qwen3-8b
said llama.cpp@b6000 qwen3-next-80b
said llama.cpp@b4798 llama3.1-8b
said vllm@0.6.3 qwen3-8b
said vllm@0.8.0 qwen3-8b
said vllm@0.8.4 qwen3-8b
said vllm@0.9.1 gpt-oss-20b
said vllm@0.10 gpt-oss-20b
said vllm@0.8.5 qwen3-next-80b
said vllm@0.6 llama3.1-8b
said sglang@0.4.4 qwen3-8b
said sglang@0.4.5 qwen3-8b
said sglang@0.4.7 gpt-oss-20b
said sglang@0.5 gpt-oss-20b
said sglang@0.4.7 glm4-0414-9b
$VRAMFIT --engine vllm@0.8.0 --model qwen3-8b --gpu h100 --ctx 4k | grep -E 'weights|KV cache'
$VRAMFIT --engine vllm@0.11 --kv int4 --model qwen3-8b --gpu h100 --ctx 4k
$VRAMFIT --engine vllm@0.25 --kv int4 --model qwen3-8b --gpu h100 --ctx 4k | head -1
$VRAMFIT --engine vllm@0.19 --kv int8 --model qwen3-8b --gpu h100 --ctx 4k
