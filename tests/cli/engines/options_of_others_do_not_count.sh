# What an engine has no option for changes nothing in its estimate, and is told: weights in main memory, experts, the cache.
same() {
  option=$1
  shift
  "$VRAMFIT" "$@" --json >plain.json
  "$VRAMFIT" "$@" $option --json >with.json
  python3 -c '
import json, sys
a, b = json.load(open("plain.json")), json.load(open("with.json"))
figures = lambda r: (r["verdict"], r["lines"], [(d["need_bytes"], d["need_high_bytes"]) for d in r["devices"]])
told = [x["text"] for x in b["assumptions"] if x["code"] == "option-foreign"]
print("same" if figures(a) == figures(b) else "CHANGED", told)' 
}
for e in tgi lmdeploy tensorrt-llm mlx; do
  gpu=h100x4
  [ $e = mlx ] && gpu=apple-m4-max-40
  same "--cpu-offload-gb 60" --model qwen3-30b-a3b --engine $e --gpu $gpu --ctx 4k
done
for o in --cpu-moe --no-kv-offload "--override-tensor exps=CPU" "--fit on" "--kv-k q4_0"; do
  same "$o" --model qwen3-30b-a3b --engine ollama --gpu rtx-4060 --ctx 4k
done
same "--ngl 10" --model qwen3-8b --engine vllm --gpu h100 --ctx 4k
same --no-kv-offload --model qwen3-8b --engine vllm --gpu h100 --ctx 4k
same "--fit on" --model qwen3-8b --engine vllm --gpu h100 --ctx 4k
# In a table, a box and a check as well.
"$VRAMFIT" table --gpu l4x4,h100x2 --model llama3.1-70b --quant fp8 --engine tgi --ctx 4k >a.out
"$VRAMFIT" table --gpu l4x4,h100x2 --model llama3.1-70b --quant fp8 --engine tgi --ctx 4k --cpu-offload-gb 60 >b.out
grep -c h100 a.out
cmp a.out b.out && echo "same table"
# What takes memory alone counts all the same: there are other ways to tell it to the engine.
"$VRAMFIT" --model llama3.1-8b --engine tgi --gpu h100 --ctx 4k --max-loras 2 --max-lora-rank 64 --explain | grep -E 'adapter_slots|counts all the same'
