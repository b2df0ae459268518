said() { echo "$*"; $VRAMFIT --gpu rtx-4090 -- "$@" | grep -E '^[A-Z]|refuses' | cut -c1-150; }
said vllm serve meta-llama/Llama-3.1-8B-Instruct --max-model-len 4096 --quantization awq
said vllm serve meta-llama/Llama-3.1-8B-Instruct --max-model-len 4096 --quantization gptq_marlin
said vllm serve meta-llama/Llama-3.1-8B-Instruct --max-model-len 4096 --quantization fp8
said vllm serve meta-llama/Llama-3.1-8B-Instruct --max-model-len 4096 --quantization bitsandbytes
said vllm serve Qwen/Qwen3-8B-AWQ --max-model-len 4096 --quantization awq_marlin
said vllm serve Qwen/Qwen3-8B-AWQ --max-model-len 4096 --quantization gptq
said vllm serve Qwen/Qwen3-8B-AWQ --max-model-len 4096 --quantization fp8
said vllm serve Qwen/Qwen3-8B-FP8 --max-model-len 4096 --quantization fp8
said vllm serve openai/gpt-oss-20b --max-model-len 4096 --quantization awq
said vllm serve /models/Llama-3.1-8B-Instruct --max-model-len 4096 --quantization awq
said vllm serve someone/Llama-3.1-8B-Instruct-mine --max-model-len 4096 --quantization awq
said python -m sglang.launch_server --model-path Qwen/Qwen3-8B-AWQ --context-length 4096 --quantization gptq
said text-generation-launcher --model-id Qwen/Qwen3-8B --max-total-tokens 4096 --quantize awq
said text-generation-launcher --model-id Qwen/Qwen3-8B-AWQ --max-total-tokens 4096 --quantize gptq
said lmdeploy serve api_server Qwen/Qwen3-8B --session-len 4096 --model-format awq
$VRAMFIT --quant awq --gpu rtx-4090 -- vllm serve Qwen/Qwen3-8B --max-model-len 4096 | head -1
$VRAMFIT table --quant bf16,awq --gpu rtx-4090 -- vllm serve Qwen/Qwen3-8B --max-model-len 4096 | grep -E "BF16|awq"
said vllm serve nvidia/Llama-3.1-8B-Instruct-FP8 --max-model-len 4096 --quantization modelopt
said vllm serve cyankiwi/Qwen3-8B-AWQ-4bit --max-model-len 4096 --quantization compressed-tensors
said vllm serve Qwen/Qwen3-8B-GGUF:Q4_K_M --max-model-len 4096 --quantization gguf
said vllm serve Qwen/Qwen3-8B --max-model-len 4096 --quantization modelopt
