# Whatever memory held before: runs for each way to draft and each number of GPUs, one answer.
for draft in "glm4.5-air --spec-type draft-mtp" "qwen3.6-27b --spec-type draft-mtp --ngl 30" "qwen3-32b --draft qwen3-0.6b"; do
  for gpus in 1 2 3 4; do
    i=0
    while [ $i -lt 100 ]; do
      MALLOC_PERTURB_=$((i * 2 + 1)) "$VRAMFIT" --model $draft --quant q4_k_m --ctx 8k --gpu rtx-3090 --gpus $gpus --json | cksum
      i=$((i + 10))
    done | sort -u | wc -l | tr -d ' '
  done
done
# State is kept once more for every token that is proposed; the draft's cache is in f16.
for n in 1 2 5; do
  "$VRAMFIT" --model qwen3.6-27b --quant q4_k_m --ctx 8k --spec-type draft-mtp --spec-tokens $n --kv q8_0 --gpu h100 --json |
    python3 -c '
import json, sys
for l in json.load(sys.stdin)["lines"]:
    if l["name"] in ("recurrent_state", "kv_cache", "mtp_kv_cache"): print(l["name"], l["bytes"])'
done
