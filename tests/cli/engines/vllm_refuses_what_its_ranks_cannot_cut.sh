# experts, feed-forwards, blocks of FP8, groups of AWQ, heads that decoding shares out, adapters
config() {
  printf '{"model_type": "%s", "hidden_size": 2048, "num_hidden_layers": 4, "num_attention_heads": 16, "num_key_value_heads": 8,
 "head_dim": 128, "vocab_size": 32000, "max_position_embeddings": 8192, "torch_dtype": "bfloat16", %s}' "$1" "$2" > config.json
}
fit() { "$VRAMFIT" --engine vllm --ctx 4k "$@" 2>&1 | grep '^vramfit\|FIT \|FITS \|refuses\|padded' | sed 's/ *[0-9.]* of [0-9.]* GiB.*//'; }
config qwen3_moe '"intermediate_size": 4096, "num_experts": 8, "num_experts_per_tok": 2, "moe_intermediate_size": 100'
fit --model config.json --gpu h100x8 --tp 8
config llama '"intermediate_size": 4098'
fit --model config.json --gpu h100x4 --tp 4
config llama '"intermediate_size": 512, "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}'
fit --model config.json --gpu h100x8 --tp 8
fit --model config.json --gpu h100x2 --tp 2
config llama '"intermediate_size": 1088, "quantization_config": {"quant_method": "awq", "bits": 4, "group_size": 128}'
fit --model config.json --gpu h100x2 --tp 2
config llama '"intermediate_size": 1088'
fit --model config.json --gpu h100x2 --tp 2 --quant awq
fit --model qwen3-30b-a3b --gpu h100x2 --tp 2 --ep 3
"$VRAMFIT" --gpu h100x2 -- vllm serve Qwen/Qwen3-8B -tp 2 --decode-context-parallel-size 2 --max-model-len 8k; echo "exit $?"
"$VRAMFIT" --gpu h100x2 -- vllm serve google/gemma-3-27b-it -tp 2 --decode-context-parallel-size 2 --max-model-len 8k; echo "exit $?"
"$VRAMFIT" --gpu h100 -- vllm serve Qwen/Qwen3-8B --enable-lora --max-lora-rank 1024 --max-model-len 8k; echo "exit $?"
