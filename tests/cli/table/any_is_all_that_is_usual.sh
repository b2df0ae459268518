# numbers of GPUs, and contexts up to the model's limit, which may be a million or an odd one
$VRAMFIT table --model qwen3-8b --gpu l4 --quant q4_k_m --ctx 8k --gpus any
$VRAMFIT table --model llama4-scout --gpu h200 --quant q4_k_m --ctx any
echo '{"model_type": "llama", "hidden_size": 256, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 512,
 "vocab_size": 1000, "max_position_embeddings": 3000, "torch_dtype": "float16"}' > config.json
$VRAMFIT table --model config.json --gpu l4 --quant f16 --ctx any
$VRAMFIT table --model qwen3-8b --gpu l4 --quant q4_k_m --ctx "$(seq -s, 1024 1024 5000000)"; echo "exit $?"
