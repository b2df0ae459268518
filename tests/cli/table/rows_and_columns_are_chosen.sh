$VRAMFIT table --model qwen3-8b --quant q4_k_m --ctx 8k,32k --kv f16,q8_0 --gpu rtx-3060-12gb --rows ctx
$VRAMFIT table --model qwen3-8b --quant q4_k_m --ctx 8k,32k --kv f16,q8_0 --gpu rtx-3060-12gb --columns kv --cell need --unit gb
$VRAMFIT table --model qwen3-8b --quant q4_k_m --ctx 8k,32k --kv f16,q8_0 --gpu rtx-3060-12gb --columns kv --cell verdict
