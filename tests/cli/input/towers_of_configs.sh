# A tower counts among the parameters; llama.cpp has it in a file of its own, and is not charged.
text='"text_config": {"model_type": "llama", "hidden_size": 2048, "num_hidden_layers": 16,
 "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 8192, "vocab_size": 32064,
 "max_position_embeddings": 8192}, "torch_dtype": "float16"'
clip='"model_type": "clip_vision_model", "hidden_size": 1024, "num_hidden_layers": 24,
 "intermediate_size": 4096, "image_size": 336, "patch_size": 14'
printf '{"model_type": "llava", %s}' "$text" >text.json
printf '{"model_type": "llava", "vision_config": {%s}, %s}' "$clip" "$text" >clip.json
printf '{"model_type": "llava", "vision_config": {"model_type": "swin"}, %s}' "$text" >swin.json
printf '{"model_type": "llava", "vision_config": {%s, "num_channels": "3"}, %s}' "$clip" "$text" >bad.json

for f in text clip swin; do
  "$VRAMFIT" inspect ./$f.json | grep 'parameters\|anomalies'
  "$VRAMFIT" --model ./$f.json --quant q4_k_m --gpu rtx-4090 --ctx 8k | grep 'weights \|tower'
done
"$VRAMFIT" --model ./bad.json --quant q4_k_m --gpu rtx-4090
echo "exit $?"
