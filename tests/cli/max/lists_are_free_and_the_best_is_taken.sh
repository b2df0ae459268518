# of free lists the value that asks for least, or leaves most
for o in "quant --ctx 8k --gpu rtx-4060,rtx-4090" "kv --quant q4_k_m --ctx 32k --gpu rtx-4060,rtx-4090" "ctx --quant q4_k_m,q8_0 --gpu rtx-4090"; do
  $VRAMFIT max $o --model qwen3-8b | head -1
done
$VRAMFIT max n-cpu-moe --model qwen3-30b-a3b --quant q4_k_m --ctx 8k --gpu rtx-4060,rtx-4070 | head -1
$VRAMFIT max gpus --model llama3.1-70b --quant q4_k_m,q8_0 --ctx 8k --gpu rtx-4090 | head -1
$VRAMFIT max gpu --model llama3.1-70b --quant q4_k_m,q8_0 --ctx 8k | head -1
# a format that the engine has not, or that the model cannot have, is no candidate
$VRAMFIT max quant --model qwen3-8b --quant gptq,q4_k_m --engine llama.cpp --gpu l4 --ctx 8k
$VRAMFIT max quant --model mamba-2.8b --quant nvfp4,bf16 --engine vllm --gpu l4 --ctx 8k
