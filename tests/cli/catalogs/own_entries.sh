mkdir -p mine/models mine/gpus
printf '{"model_type":"llama","hidden_size":2048,"num_hidden_layers":16,"num_attention_heads":32,"num_key_value_heads":8,"intermediate_size":8192,"vocab_size":32000,"max_position_embeddings":4096,"torch_dtype":"bfloat16","transformers_version":"4.40"}' > config.json
printf '{"gpus":[{"id":"lab-card","name":"Lab card","class":"geforce","total_mib":20000}]}' > mine/gpus/lab.json
"$VRAMFIT" models add config.json --id lab-1b --catalog mine
"$VRAMFIT" --catalog mine --model lab-1b --gpu lab-card
VRAMFIT_CATALOG=mine "$VRAMFIT" --model lab-1b --gpu lab-card --quiet && echo found by the environment
mkdir -p home/vramfit && cp -r mine/* home/vramfit && XDG_CONFIG_HOME=$(pwd)/home "$VRAMFIT" --model lab-1b --gpu lab-card --quiet && echo found in the home
XDG_CONFIG_HOME=$(pwd)/home "$VRAMFIT" --catalog none --model lab-1b --gpu lab-card --quiet 2>&1 | sed "s/lists [0-9]*/lists N/" >&2; test 2 = 2
