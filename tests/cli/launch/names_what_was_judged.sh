# The line loads the very weights that were judged: never the makers' 16 bits for a repository of 4, or the other way round.
launch() { "$VRAMFIT" --launch "$@" | sed -n '/^  Modelfile/p; /^  launch/,$p' | grep -v -e num_ctx -e 'ollama '; }
for repo in Qwen/Qwen3-32B-AWQ Qwen/Qwen3-32B-GPTQ-Int4 RedHatAI/Qwen3-32B-FP8-dynamic unsloth/Qwen3-8B-bnb-4bit \
  https://huggingface.co/Qwen/Qwen3-8B-FP8/tree/main NousResearch/Hermes-3-Llama-3.1-8B someone/Llama-3.1-8B-of-mine; do
  launch --model "$repo" --engine vllm --gpu h100 --ctx 8k
done
launch --model Qwen/Qwen3-8B-FP8 --engine sglang --gpu h100 --ctx 8k
launch --model nvidia/Llama-3.3-70B-Instruct-FP4 --engine trtllm --gpu b200 --ctx 8k
launch --model mlx-community/Qwen3-8B-8bit --gpu m4-max-64gb --ctx 8k
echo '== another format than the repository has'
for quant in fp8 bf16 awq gptq; do launch --model Qwen/Qwen3-8B-AWQ --quant $quant --engine vllm --gpu h100 --ctx 8k; done
launch --model qwen3-32b-awq --engine vllm --gpu h100 --ctx 8k
launch --model gpt-oss-20b --quant bf16 --engine vllm --gpu h100 --ctx 8k
launch --model gpt-oss-20b --quant mxfp4 --engine vllm --gpu h100 --ctx 8k
launch --model deepseek-v3 --quant bf16 --engine sglang --gpu h200x16 --ctx 8k
echo '== files'
for name in bartowski/Qwen3-8B-GGUF:Q5_K_M bartowski/Qwen3-8B-GGUF/Qwen3-8B-Q6_K.gguf bartowski/Qwen3-8B-GGUF Qwen3-8B-Q6_K.gguf qwen3:8b; do
  launch --model $name --engine llama-server --gpu rtx-4090 --ctx 8k
  launch --model $name --engine ollama --gpu rtx-4090 --ctx 8k
done
launch --model bartowski/Qwen3-8B-GGUF --quant q8_0 --engine llama-server --gpu rtx-4090 --ctx 8k
launch --model qwen3:8b --quant q8_0 --engine ollama --gpu rtx-4090 --ctx 8k
launch --model ggml-org/gemma-3-4b-it-GGUF --engine llama-server --gpu rtx-4090 --ctx 8k # -hf would bring the tower along
echo '== the engines own lines'
launch --gpu h100 -- vllm serve Qwen/Qwen3-32B-AWQ --max-model-len 8192
launch --gpu h100 -- vllm serve /models/Qwen3-32B-AWQ --max-model-len 8192
launch --gpu h100 --quant awq -- vllm serve /models/Qwen3-32B --max-model-len 8192
launch --gpu h100 -- vllm serve bartowski/Qwen3-8B-GGUF:Q4_K_M --max-model-len 8192
launch --gpu h100 -- vllm serve Qwen/Qwen3-32B --speculative-config '{"model": "RedHatAI/Qwen3-0.6B-quantized.w4a16", "num_speculative_tokens": 4}' --max-model-len 8192
launch --gpu rtx-4090 -- llama-server -hf Qwen/Qwen3-8B-GGUF:Q8_0 -hfd unsloth/Qwen3-0.6B-GGUF -c 8192
launch --gpu rtx-4090 -- llama-server -hf ggml-org/gemma-3-4b-it-GGUF -c 8192
launch --gpu rtx-4090 -- llama-server -m /models/Qwen3-8B-Q4_K_M.gguf -c 8192
echo '== a name with a quote in it'
mkdir "it's"
echo '{"model_type": "llama", "hidden_size": 256, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 512,
 "vocab_size": 1000, "max_position_embeddings": 4096, "torch_dtype": "float16"}' > "it's/config.json"
launch --model "it's" --gpu l4 --engine vllm --ctx 2k
