mkdir m; cd m
printf '{"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64, "vocab_size": 8, "max_position_embeddings": 512, "torch_dtype": "bfloat16"}' >config.json
printf '{"weight_map": {"lm_head.weight": "model-00001-of-00002.safetensors", "model.norm.weight": "model-00002-of-00002.safetensors"}}' >model.safetensors.index.json
header='{"lm_head.weight":{"dtype":"BF16","shape":[8,64],"data_offsets":[0,1024]}}      '
printf '\120\000\000\000\000\000\000\000%s' "$header" >model-00001-of-00002.safetensors
truncate -s 1112 model-00001-of-00002.safetensors
cd ..
"$VRAMFIT" --model m --gpu rtx-4090
