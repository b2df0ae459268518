# --fit is on since b7407: a context that nobody gives is lowered; before it was the model's, whatever fits
for b in b7406 b7407 v0.4 v0.5.0; do $VRAMFIT --engine llama-server@$b --model qwen3-14b:q6_k --gpu rtx-4080 --seqs 4 --no-kv-unified | grep -E "^[A-Z]|no --ctx"; done
