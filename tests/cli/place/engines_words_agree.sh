# Each line of an engine, as the line itself, as a workload's command, and as a compose service: the same verdict and the same need.
says() { python3 -c '
import json, sys
r = json.load(sys.stdin)
if "scenarios" in r:
    s = r["scenarios"][0]
    print(s["verdict"], [(d["need_low_bytes"], d["need_high_bytes"]) for d in s["devices"][: len(r["devices"])] if d["need_high_bytes"]])
else:
    print(r["verdict"], [(d["need_low_bytes"], d["need_high_bytes"]) for d in r["devices"] if d["kind"] != "host" and d["need_high_bytes"]])
'; }
agree() {
  gpu=$1 image=$2
  shift 2
  python3 - "$gpu" "$image" "$@" <<'P'
import json, sys
gpu, image, line = sys.argv[1], sys.argv[2], sys.argv[3:]
json.dump({"gpu": gpu, "workloads": [{"name": "a", "command": " ".join("'%s'" % w for w in line)}]}, open("box.json", "w"))
json.dump({"services": {"a": {"image": image, "command": line}}}, open("compose.json", "w"))
P
  "$VRAMFIT" --gpu "$gpu" --json -- "$@" | says >fit.out
  "$VRAMFIT" place box.json --json | says >box.out
  "$VRAMFIT" place compose.json --gpu "$gpu" --json | says >compose.out
  cmp fit.out box.out && cmp box.out compose.out && echo "$(cut -d' ' -f1 fit.out): $*" || cat fit.out box.out compose.out
}
l=ghcr.io/ggml-org/llama.cpp:server-cuda
agree rtx-4090 $l llama-server -m qwen3-32b:q4_k_m -c 8192 -np 1 -md qwen3-8b:q8_0
agree rtx-4090 $l llama-server -m llama3.1-8b:q4_k_m -c 32768 -np 4
agree rtx-3060-12gb $l llama-server -m gemma3-12b:q4_k_m -c 32768 -np 1 --mmproj mm.gguf
agree rtx-4090x2 $l llama-server -m llama3.1-70b:q4_k_m -c 8192 -np 1 -sm none -mg 1
agree rtx-4090x2 $l llama-server -m llama3.1-70b:q4_k_m -c 8192 -np 1 -ts 3,1
agree rtx-4090 $l llama-server -m qwen3-30b-a3b:q4_k_m -c 32768 -np 1 -ot exps=CPU
agree rtx-4090 $l llama-server -m qwen3-30b-a3b:q4_k_m -c 32768 -np 1 -ncmoe 48 --swa-full -ctk q8_0 -ctv q8_0
# What fills its share takes all of it in place; a cache of its own size does not.
for o in "--tensor-parallel-size 2 --data-parallel-size 2" "--kv-cache-memory-bytes 8589934592" "--cpu-offload-gb 8" "--num-gpu-blocks-override 512" \
  "--enable-lora --max-loras 4 --max-lora-rank 64" "--totally-bogus 5"; do
  line="vllm serve meta-llama/Llama-3.1-8B-Instruct --max-model-len 8192 $o"
  printf '{"gpu": "h100x4", "workloads": [{"name": "a", "command": "%s"}]}' "$line" >box.json
  echo "$o"
  "$VRAMFIT" --gpu h100x4 -- $line | sed -n '/needs  *[0-9]/p;/h100-sxm.*#/p;/^  pool/p;/no option/p'
  "$VRAMFIT" place box.json | sed -n '/worked out/p;/no option/p'
done
