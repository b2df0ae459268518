for kv in auto int8_per_token_head int4_per_token_head; do
  "$VRAMFIT" --gpu h100 -- vllm serve Qwen/Qwen3-8B --max-model-len 8192 --kv-cache-dtype $kv | grep "KV cache"
done
"$VRAMFIT" --gpu h100 -- vllm serve Qwen/Qwen3-8B --kv-cache-dtype turboquant_k8v4
