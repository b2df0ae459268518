# llama-server lowers a context that is not given: the line, its file, its box and a comparison say the same of it.
ask() {
  echo "$2"
  "$VRAMFIT" --gpu $1 --json -- $2 | python3 -c '
import json, sys
r = json.load(sys.stdin)
print("line   ", r["verdict"], sum(d["need_bytes"] for d in r["devices"] if d["kind"] != "host"))'
  echo "$2" >run.sh
  "$VRAMFIT" check run.sh --gpu $1 --json | python3 -c '
import json, sys
d = json.load(sys.stdin)["deployments"][0]
print("check  ", d["verdict"], d["need_bytes"])'
  printf '{"gpu": "%s", "workloads": [{"name": "a", "command": "%s"}]}' $1 "$2" >box.json
  "$VRAMFIT" place box.json --json | python3 -c '
import json, sys
s = json.load(sys.stdin)["scenarios"][0]
print("place  ", s["verdict"], s["need_bytes"])'
}
ask rtx-4060 "llama-server -m llama3.1:8b -b 512"
ask rtx-4060 "llama-server -m qwen3-8b"
ask rtx-4060 "llama-server -m llama3.1:8b --fit off"
ask rtx-4060 "llama-server -m llama3.1:8b -c 131072"
"$VRAMFIT" compare "--batch-size 512" "--batch-size 512 --fit off" --model llama3.1:8b --engine llama-server --gpu rtx-4060 --json | python3 -c '
import json, sys
for c in json.load(sys.stdin)["deployments"]:
    e = c["estimate"] if "estimate" in c else c
    print("compare", e["verdict"], sum(d["need_bytes"] for d in e["devices"] if d["kind"] != "host"))'
