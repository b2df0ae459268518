# A draft model's context is the target's, whether that is said, meant by 0, or the model's own: not the draft's limit.
line="llama-server -m llama3.1:8b --model-draft qwen3-0.6b --fit off"
for c in "" "-c 0" "-c 131072"; do
  "$VRAMFIT" --gpu rtx-5090 --json -- $line $c | python3 -c '
import json, sys
r = json.load(sys.stdin)
print(r["verdict"], [l["bytes"] for l in r["lines"] if l["name"] == "draft_kv_cache"])'
done
