# vLLM allocates a pool of the user's own size whatever the memory: the line, check and place count all of it.
ask() {
  echo "$*"
  "$VRAMFIT" --gpu l4 -- vllm serve Qwen/Qwen3-8B --max-model-len 4096 "$@" | grep -E '^[A-Z]|needs|pool  '
  printf 'vllm serve Qwen/Qwen3-8B --max-model-len 4096 %s\n' "$*" >run.sh
  "$VRAMFIT" check run.sh --gpu l4 --json | python3 -c 'import json, sys; print("check", json.load(sys.stdin)["deployments"][0]["verdict"])'
  printf '{"gpu": "l4", "workloads": [{"name": "a", "command": "vllm serve Qwen/Qwen3-8B --max-model-len 4096 %s"}]}' "$*" >box.json
  "$VRAMFIT" place box.json | grep -E '^[A-Z]|needs|  a:'
}
ask --kv-cache-memory-bytes 100G
ask --num-gpu-blocks-override 100000
ask --kv-cache-memory-bytes 2G
# What the given pool holds is the length that "auto" comes down to.
"$VRAMFIT" --gpu l4 -- vllm serve Qwen/Qwen3-8B --max-model-len auto --kv-cache-memory-bytes 1G | grep -E '^[A-Z]|lowered'
exit 0
