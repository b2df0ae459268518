cat >config.json <<'F'
{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 2048, "intermediate_size": 8192,
 "num_hidden_layers": 16, "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256,
 "max_position_embeddings": 8192, "head_dim": 64}
F
for id in max full cpu 8k 70b 1.5b 4 l4 h100 dgx-h100 my-8b; do
  $VRAMFIT models add config.json --id $id --catalog own 2>&1
done
