config() { # KEY: VALUE
  mkdir -p m
  cat > m/config.json <<C
{"architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": 896, "intermediate_size": 4864,
 "num_hidden_layers": 24, "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151936,
 "max_position_embeddings": 32768, "tie_word_embeddings": true,
 $1}
C
  $VRAMFIT --model m --engine vllm --gpu h100 --ctx 4k 2>&1 | head -1
}
config '"quantization_config": [1]'
config '"quantization_config": "awq"'
config '"quantization_config": null'
config '"rope_scaling": {"type": "linear", "factor": "x"}'
config '"rope_scaling": 4'
config '"torch_dtype": "float7"'
config '"torch_dtype": 16'
config '"torch_dtype": "torch.float16"'
mkdir lora
echo '{"peft_type": "LORA", "base_model_name_or_path": "meta-llama/Llama-3.1-8B", "r": 16}' > lora/adapter_config.json
printf '\10\0\0\0\0\0\0\0{}      ' > lora/adapter_model.safetensors
$VRAMFIT --model ./lora --engine vllm --gpu h100 2>&1
$VRAMFIT --model ./lora/adapter_model.safetensors --engine vllm --gpu h100 2>&1
$VRAMFIT --model ./lora --quant fp8 --engine vllm --gpu h100 2>&1
exit 0
