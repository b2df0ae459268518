# From 5.16 on DeepSeek V3 and its kind cache the latent; quantized caches have groups of 64 and a residual.
cache() { $VRAMFIT --model "$1" --engine "transformers@$2" --gpu h200x8 --ctx 8192 --json | grep -m1 '"kv_cache_bytes"'; }
cache deepseek-v3-671b 4.57; cache deepseek-v3-671b 5.15; cache deepseek-v3-671b 5.16; cache deepseek-v2-lite 5.16
for kv in bf16 int8 int4; do $VRAMFIT --model qwen3-8b --engine transformers --gpu rtx-4090 --ctx 8192 --kv $kv | grep 'KV cache'; done
"$VRAMFIT" --model qwen3-0.6b --engine transformers --dtype float32 --gpu rtx-4090 --ctx 4k; echo "exit $?"
"$VRAMFIT" --model qwen3-0.6b --engine transformers --dtype float32 --quant f32 --gpu rtx-4090 --ctx 4k --quiet; echo "exit $?"
