$VRAMFIT --model qwen3-32b --quant fp8 --engine vllm@0.25 --gpu h100 --ctx 32k --draft qwen3-0.6b --draft-quant bf16 --spec-tokens 4 --explain | grep -E "weights|pool|kv_cache"
