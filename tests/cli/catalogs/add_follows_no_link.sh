# A planted link at the name that a new entry used to be written under first; a name that means something else.
mkdir -p c/models; echo precious >victim; ln -s "$PWD/victim" c/models/evil.json.new
printf '{"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64, "vocab_size": 8, "max_position_embeddings": 512, "torch_dtype": "bfloat16"}' >config.json
"$VRAMFIT" models add config.json --id evil --catalog c; echo "exit $?"
cat victim; ls c/models | sort
"$VRAMFIT" models add config.json --id any --catalog c; echo "exit $?"
ln -s "$PWD/victim" c/models/other.json
"$VRAMFIT" models add config.json --id other --catalog c; echo "exit $?"
cat victim
