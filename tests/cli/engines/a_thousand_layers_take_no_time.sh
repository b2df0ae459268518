# What an estimate and its ways cost grows with the layers, not with their square: two thousand of them within seconds of the CPU.
cat >config.json <<'J'
{"model_type": "qwen3_moe", "architectures": ["Qwen3MoeForCausalLM"], "hidden_size": 2048, "num_hidden_layers": 2000,
 "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128, "intermediate_size": 6144, "moe_intermediate_size": 768,
 "num_experts": 128, "num_experts_per_tok": 8, "vocab_size": 151936, "max_position_embeddings": 40960, "tie_word_embeddings": false}
J
ulimit -t 4
for e in vllm sglang tensorrt-llm lmdeploy transformers llama.cpp; do
  "$VRAMFIT" config.json --engine $e --gpu b200x8 --ctx 8k --json >out.json 2>err
  echo "$e $(grep -c '"verdict"' out.json | sed 's/^[1-9].*/answers/')"
done
