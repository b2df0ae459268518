# an entry of the user's, here a small model of a large one's name, changes no check unless --catalog says where it is
mkdir -p config/vramfit
cat > config.json <<'J'
{"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 28,
 "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151936, "max_position_embeddings": 40960,
 "tie_word_embeddings": true, "torch_dtype": "bfloat16"}
J
"$VRAMFIT" models add config.json --id lab-32b --catalog config/vramfit
sed -i 's/lab-32b/qwen3-32b/' config/vramfit/models/*.json
echo 'vllm serve qwen3-32b --max-model-len 4096' > serve.sh
XDG_CONFIG_HOME=$PWD/config "$VRAMFIT" --gpu l4 --model qwen3-32b --ctx 4k --engine vllm | head -1 | cut -c1-20
XDG_CONFIG_HOME=$PWD/config "$VRAMFIT" check serve.sh --gpu l4 | head -1
VRAMFIT_CATALOG=$PWD/config/vramfit "$VRAMFIT" check serve.sh --gpu l4 | head -1
"$VRAMFIT" check serve.sh --gpu l4 --catalog config/vramfit | head -1
