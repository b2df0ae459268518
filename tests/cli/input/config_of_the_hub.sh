mkdir model
cat >model/config.json <<'C'
{"architectures": ["LlamaForCausalLM"], "attention_bias": false, "hidden_size": 4096,
 "intermediate_size": 14336, "max_position_embeddings": 131072, "model_type": "llama",
 "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8,
 "rope_scaling": {"factor": 8.0, "rope_type": "llama3"}, "tie_word_embeddings": false,
 "torch_dtype": "bfloat16", "vocab_size": 128256}
C
same() { sed '/"source"\|"id": \|"model": /d'; }
"$VRAMFIT" --model model --quant q4 --ctx 8k --gpu rtx-4090 --json | same >folder
"$VRAMFIT" --model model/config.json --quant q4 --ctx 8k --gpu rtx-4090 --json | same >file
"$VRAMFIT" --model llama3.1-8b --quant q4 --ctx 8k --gpu rtx-4090 --json | same >catalog
cmp folder file && cmp file catalog && echo equal
