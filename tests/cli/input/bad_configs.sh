try() { printf '%s' "$2" >"$1.json"; "$VRAMFIT" --model "./$1.json" --quant q4 --gpu h100; echo "exit $?"; }
dims='"hidden_size": 256, "num_hidden_layers": 4, "intermediate_size": 512, "vocab_size": 1000'
try empty ''
try truncated "{\"model_type\": \"llama\", $dims"
try not_json 'hello'
try array '[]'
try trailing '{} {}'
try duplicate "{\"model_type\": \"llama\",
 \"num_attention_heads\": 4, \"num_attention_heads\": 8, $dims}"
try zero_heads "{\"model_type\": \"llama\",
 \"num_attention_heads\": 0, $dims}"
try negative "{\"model_type\": \"llama\", \"num_attention_heads\": -4, $dims}"
try huge "{\"model_type\": \"llama\", \"num_attention_heads\": 1152921504606846976, $dims}"
try text "{\"model_type\": \"llama\", \"num_attention_heads\": \"4\", $dims}"
try missing "{\"model_type\": \"llama\", $dims}"
try no_type "{\"num_attention_heads\": 4, $dims}"
try unknown "{\"model_type\": \"frobnicator\", \"num_attention_heads\": 4, $dims}"
try escapes "{\"model_type\": \"\\u001b[31mllama\", \"num_attention_heads\": 4, $dims}"
try quantized "{\"model_type\": \"llama\", \"num_attention_heads\": 4, $dims}"
printf '{"model_type": "llama", "num_attention_heads": 4, %s, "quantization_config": {"quant_method": "awq"}}' "$dims" >awq.json
"$VRAMFIT" --model ./awq.json --gpu h100; echo "exit $?"
