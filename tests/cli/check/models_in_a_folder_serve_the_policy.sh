n() { sed -E 's/[0-9]+\.[0-9]+/N/g; s/would fit: .*/would fit: …/'; }
mkdir -p m/small m/web
cat >m/small/config.json <<'F'
{"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16, "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128256, "max_position_embeddings": 131072, "torch_dtype": "bfloat16", "tie_word_embeddings": true}
F
echo '{"name": "web"}' >m/web/config.json; echo '{"name": "web"}' >m/package.json
$VRAMFIT check m --gpu l4 --ctx 8k --engine vllm >out; code=$?; n <out; echo $code
$VRAMFIT check m --gpu l4 --memory 3GiB --ctx 8k --engine llama.cpp --quant q8_0  >out; code=$?; n <out; echo $code
echo '{"model_type": "llama"}' >m/small/config.json; printf '' >m/small/model.safetensors
$VRAMFIT check m --gpu l4 >out; echo $?; grep -c 'model-unknown' out
