said() { g=$1; shift; $VRAMFIT --gpu $g -- "$@" | grep -E "^[A-Z]|weights|KV|refuses|float"; }
said l4 vllm serve Qwen/Qwen3-8B --dtype float32 --max-model-len 4096
said l4 vllm serve Qwen/Qwen3-8B-AWQ --dtype float32 --max-model-len 4096
said h100 vllm serve openai/gpt-oss-20b --dtype half --max-model-len 4096
said t4 vllm serve Qwen/Qwen3-4B --max-model-len 8192
said t4 vllm serve Qwen/Qwen3-4B --max-model-len 8192 --dtype bfloat16
said t4 vllm serve Qwen/Qwen3-4B --max-model-len 8192 --dtype half
$VRAMFIT --gpu t4 --engine vllm@0.8.5 --model qwen3-4b --ctx 8k | grep -E "^[A-Z]|refuses"
said t4 vllm serve google/gemma-3-4b-it --max-model-len 8192
said t4 vllm serve google/gemma-3-4b-it --max-model-len 8192 --dtype half
said t4 python -m sglang.launch_server --model-path google/gemma-3-4b-it --context-length 8192 --dtype float32
said l4 text-generation-launcher --model-id Qwen/Qwen3-8B-AWQ --max-total-tokens 4096 --dtype float16
said h100 vllm serve openai-community/gpt2-xl
$VRAMFIT --model qwen3-8b --engine vllm --gpu h100 --ctx 8k --dtype q8_0
$VRAMFIT --model qwen3-8b --engine vllm --gpu h100 --ctx 8k --dtype f32 --launch | grep launch
