# same NAME OPTIONS...: the printed line, read as vramfit's own options, gives the same budget.  llama-server's -c is the context
# of all slots together, ours that of each: they are the same for one slot, or one pool.
figures() { python3 -c 'import json, sys
r = json.load(sys.stdin)
print(json.dumps({k: r[k] for k in ("verdict", "model", "engine", "devices", "lines")}, indent=1))'; }
same() {
  program=$1 model=$2
  shift 2
  line=$("$VRAMFIT" $model "$@" --launch | sed -n "s/^  launch *$program //p" | sed 's/^-m [^ ]* //; s/^[^-][^ ]* //')
  "$VRAMFIT" $model "$@" --json | figures >asked
  gpu=$(echo "$*" | grep -o -e '--gpu [^ ]*') && host=$(echo "$*" | grep -o -e '--host-memory [^ ]*')
  "$VRAMFIT" $model $gpu $host $line --json | figures >read
  diff asked read >/dev/null && echo "same: $line" || { echo "DIFFERENT: $line"; diff asked read | head -n 6; }
}
m="--model llama3.1-8b --quant q4_k_m"
same llama-server "$m" --gpu rtx-3060-12gb --ctx 32k --kv q8_0
same llama-server "$m" --gpu rtx-4090x2 --ctx 8k --tensor-split 3,1
same llama-server "$m" --gpu rtx-3060-12gb --ctx 4k --ngl 20 --ubatch 256 --flash-attn on --host-memory 64GiB --cache-ram 0
same llama-server "$m" --gpu rtx-4090 --ctx 32k --seqs 4 --kv-unified --swa-full
same llama-server "--model qwen3-30b-a3b --quant q4_k_m" --gpu rtx-4090 --ctx 32k --n-cpu-moe 12 --no-kv-offload --host-memory 64GiB
same llama-server "--model gpt-oss-120b --engine llama.cpp" --gpu rtx-4090 --ctx 32k -ot exps=CPU --host-memory 96GiB
v="--engine vllm@0.19"
same 'vllm serve' "--model llama3.1-70b $v" --gpu h100x4 --ctx 8k --kv fp8 --gpu-memory-utilization 0.95
same 'vllm serve' "--model qwen3-30b-a3b $v" --gpu h100x2 --ctx 8k -ep --max-num-seqs 64 --enforce-eager
