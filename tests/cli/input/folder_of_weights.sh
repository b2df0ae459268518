mkdir m; cd m
printf '{"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64, "vocab_size": 8, "max_position_embeddings": 512, "torch_dtype": "bfloat16"}' >config.json
header='{"lm_head.weight":{"dtype":"BF16","shape":[8,64],"data_offsets":[0,1024]}}      '
printf '\120\000\000\000\000\000\000\000%s' "$header" >model.safetensors
truncate -s 1112 model.safetensors
cd ..
"$VRAMFIT" inspect m; echo "exit $?"
"$VRAMFIT" inspect m/model.safetensors; echo "exit $?"
"$VRAMFIT" --model m --quant q8_0 --gpu rtx-4090 --quiet; echo "exit $?"
rm m/config.json; "$VRAMFIT" --model m --gpu rtx-4090; echo "exit $?"
"$VRAMFIT" inspect m; echo "exit $?"
