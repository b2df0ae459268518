# A layer, or most of the numbers, that the config makes and the files do not hold; inspect tells, and goes on.
mkdir m; cd m
printf '{"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64, "vocab_size": 8, "max_position_embeddings": 512, "torch_dtype": "bfloat16"}' >config.json
write() { # HEADER of 8 * N bytes, in octal
  printf '%b\000\000\000\000\000\000%s' "$2" "$1" >model.safetensors
  truncate -s $((8 + ${#1} + $3)) model.safetensors
}
write '{"lm_head.weight":{"dtype":"BF16","shape":[8,64],"data_offsets":[0,1024]}}      ' '\0120\0000' 1024
cd ..
"$VRAMFIT" --model m --gpu rtx-4090 --engine vllm; echo "exit $?"
cd m
write '{"model.layers.0.self_attn.q_proj.weight":{"dtype":"BF16","shape":[64,64],"data_offsets":[0,8192]}}      ' '\0151\0000' 8192
cd ..
"$VRAMFIT" --model m --gpu rtx-4090 --engine vllm; echo "exit $?"
"$VRAMFIT" inspect m | tail -1
cd m
write '{}      ' '\0010\0000' 0
cd ..
"$VRAMFIT" --model m --gpu rtx-4090 --engine vllm; echo "exit $?"
