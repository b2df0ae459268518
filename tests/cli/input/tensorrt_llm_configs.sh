# What TensorRT-LLM writes beside a checkpoint, and (below pretrained_config) beside an engine.
config() {
  printf '{"architecture": "%s", "dtype": "bfloat16", "hidden_size": 4096, "num_hidden_layers": 32,\n' "$1"
  printf ' "num_attention_heads": 32, "num_key_value_heads": 8, "head_size": 128, "vocab_size": 128256,\n'
  printf ' "intermediate_size": 14336, "max_position_embeddings": 131072, "share_embedding_table": false,\n'
  printf ' "mapping": {"world_size": 4, "tp_size": 4, "pp_size": 1},\n'
  printf ' "quantization": {"quant_algo": %s, "kv_cache_quant_algo": %s}%s}\n' "$2" "$3" "$4"
}
show() { "$VRAMFIT" inspect "./$1" 2>&1 | grep -v '^$' | head -n "${2:-4}"; }

config LlamaForCausalLM null null >plain.json
config LlamaForCausalLM '"FP8"' '"FP8"' >fp8.json
{ printf '{"version": "0.17.0", "pretrained_config":\n'; config LlamaForCausalLM '"FP8"' '"FP8"'; printf '}\n'; } >engine.json
show plain.json
show fp8.json
show engine.json
"$VRAMFIT" --model ./plain.json --gpu h100 --ctx 8k | grep -A 4 assumes

# The weights of one rank beside it are not the model's.
mkdir folder
cp fp8.json folder/config.json
printf 'not read' >folder/rank0.safetensors
show folder 3

# Models that share an architecture tell themselves apart.
config QWenForCausalLM null null ', "qwen_type": "qwen3"' >qwen3.json
config MixtralForCausalLM null null ', "moe": {"num_experts": 8, "top_k": 2}' >mixtral.json
show qwen3.json 1
show mixtral.json 2

# What is not known is said to be.
unknown() { "$VRAMFIT" --model "./$1" --gpu h100; echo "exit $?"; }
config MedusaForCausalLM null null >medusa.json
{ printf '{"pretrained_config":\n'; config DiT null null; printf '}\n'; } >dit.json
config QWenForCausalLM null null >nameless.json
config QWenForCausalLM null null ', "qwen_type": "qwen9"' >qwen9.json
config LlamaForCausalLM '"W9"' null >w9.json
config LlamaForCausalLM '"FP8"' null | sed '/hidden_size/s/4096/"4096"/' >text.json
for f in medusa dit nameless qwen9 w9 text fp8; do unknown $f.json; done
