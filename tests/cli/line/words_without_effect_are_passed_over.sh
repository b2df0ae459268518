said() { echo "$*: $($VRAMFIT --gpu h100 -- vllm serve Qwen/Qwen3-8B --max-model-len 4096 "$@" 2>&1 | grep -E 'not read|^vramfit')"; }
said --dtype auto
said --dtype=float16
said --enable-chunked-prefill
said --no-enable-chunked-prefill
said --async-scheduling
said --no-async-scheduling
said --runner generate
said --runner pooling
said --load-format auto
said --load-format=bitsandbytes
said --attention-backend=FLASHINFER
said --kv-cache-dtype int4
said --kv-cache-dtype int4_per_token_head
said --dtype float7
$VRAMFIT --gpu h100 -- VLLM_USE_V1=1 vllm serve Qwen/Qwen3-8B --max-model-len 4096 | grep "not read"
$VRAMFIT --gpu h100 -- VLLM_USE_V1=0 vllm serve Qwen/Qwen3-8B --max-model-len 4096 | grep "not read"
$VRAMFIT --strict --gpu h100 -- vllm serve Qwen/Qwen3-8B --max-model-len 4096 --dtype auto --async-scheduling --load-format safetensors | head -1
