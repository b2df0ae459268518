said() { $VRAMFIT --gpu h100 -- "$@" | grep -E "^[A-Z]|refuses|lowers|beyond"; echo "exit $?"; }
said vllm serve Qwen/Qwen3-8B --max-model-len 131072
said VLLM_ALLOW_LONG_MAX_MODEL_LEN=1 vllm serve Qwen/Qwen3-8B --max-model-len 131072
said vllm serve Qwen/Qwen3-8B --max-model-len 131072 --hf-overrides '{"rope_parameters": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}}'
said vllm serve Qwen/Qwen3-8B --max-model-len 262144 --rope-scaling '{"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}'
said vllm serve Qwen/Qwen3-8B --hf-overrides.max_position_embeddings 65536
said python -m sglang.launch_server --model-path Qwen/Qwen3-8B --context-length 131072
said SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN=1 python -m sglang.launch_server --model-path Qwen/Qwen3-8B --context-length 131072
said python -m sglang.launch_server --model-path Qwen/Qwen3-8B --context-length 131072 --json-model-override-args '{"rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}}'
said trtllm-serve Qwen/Qwen3-8B --max_seq_len 131072
said TLLM_ALLOW_LONG_MAX_MODEL_LEN=1 trtllm-serve Qwen/Qwen3-8B --max_seq_len 131072
said text-generation-launcher --model-id Qwen/Qwen3-8B --max-total-tokens 131072
said lmdeploy serve api_server Qwen/Qwen3-8B --session-len 131072
cat > config.json <<'C'
{"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": 896, "intermediate_size": 4864,
 "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151936,
 "max_position_embeddings": 32768, "torch_dtype": "bfloat16", "tie_word_embeddings": true,
 "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}}
C
$VRAMFIT --model config.json --engine vllm --gpu h100 | head -1
$VRAMFIT --model config.json --engine vllm --gpu h100 --ctx 131073 | grep -E "^NO|refuses"
$VRAMFIT --model config.json --engine sglang --gpu h100 --ctx 131072 | grep -E "^NO|refuses"
$VRAMFIT --model qwen3-8b --engine vllm --gpu h100 --ctx 128k --allow-long-ctx --launch 2>/dev/null | grep launch
