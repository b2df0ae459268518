# An option of ours may add to the engine's own line, and never say otherwise.
line="llama-server -m qwen3-8b -c 32768 -np 4 -ctk q8_0"
no() { echo "$@"; $VRAMFIT --gpu l4 "$@" -- $line 2>&1 | head -1; }
no --ctx 4k
no --ctx 8k
no --seqs 2
no --model qwen3-0.6b
no --engine vllm
no --engine llama.cpp@b6123
no --kv q4_0
no --quant q8_0
$VRAMFIT --gpu l4 --quant q8_0 -- llama-server -hf unsloth/Qwen3-8B-GGUF:Q4_K_M -c 4096; echo $?
LLAMA_ARG_CTX_SIZE=400000 $VRAMFIT --gpu l4 --ctx 4k -- llama-server -m qwen3-8b; echo $?
$VRAMFIT table --gpu l4 --ctx 4k,8k -- llama-server -m qwen3-8b -c 32768 -np 1 | sed -n '1,3p'
cat >box.json <<'F'
{"gpu": "l4", "workloads": [{"command": "vllm serve Qwen/Qwen3-32B --max-model-len 4096", "ctx": "2k"}]}
F
$VRAMFIT place box.json; echo $?
cat >vramfit.json <<'F'
{"vramfit": 1, "defaults": {"gpu": "l4", "ctx": "4k", "quant": "q8_0"}, "deployments": [
  {"name": "key", "command": "llama-server -m qwen3-8b -c 400000 --fit off", "ctx": "4k"},
  {"name": "default", "command": "llama-server -m qwen3-8b -c 400000 --fit off"},
  {"name": "same", "command": "llama-server -m qwen3-8b -c 16384 -np 4", "ctx": "4k"},
  {"name": "adds", "command": "llama-server -m qwen3-8b --fit off"}]}
F
$VRAMFIT check vramfit.json | grep -v 'would fit'
