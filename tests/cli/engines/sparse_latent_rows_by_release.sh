# A row of sparse latent attention's cache is 656 bytes (FlashMLA, 8 bits), 576 (FlashInfer, TensorRT-LLM) or 1,152 (16 bits),
# with 132 for the index; vLLM reserves room for prompts while it loads.
v32="$VRAMFIT deepseek-v3.2-685b --quant fp8-block --tp 8 --ctx 131072 --explain"
rows() {
  echo "$*"
  $v32 "$@" | sed -n -e 's/.* kv_cache: /  /p' -e 's/.*\(five contexts[^;]*\);.*/  \1/p' | sed 's/ *\[.*//'
}
rows --engine vllm@0.11.0 --gpu h200x8
rows --engine vllm@0.12 --gpu h200x8
rows --engine vllm@0.15 --gpu h200x8 --kv fp8
rows --engine vllm@0.23 --gpu h200x8 --kv fp8
rows --engine vllm@0.17 --gpu b200x8 --kv fp8
rows --engine vllm@0.23 --gpu b200x8 --kv fp8
rows --engine sglang@0.5.11 --gpu h200x8
rows --engine sglang@0.5.11 --gpu h200x8 --kv fp8
rows --engine sglang@0.5.11 --gpu b200x8
