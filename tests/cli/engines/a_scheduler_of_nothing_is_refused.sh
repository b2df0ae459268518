# vLLM counts requests, tokens and blocks from one, and a batch has a token for each request.
for o in "--max-num-seqs 0" "--max-num-seqs -1" "--max-num-batched-tokens 0" "--block-size 0" "--data-parallel-size 0" \
  "--num-gpu-blocks-override 0" "--max-num-batched-tokens 100 --max-num-seqs 256"; do
  "$VRAMFIT" --gpu l4 -- vllm serve Qwen/Qwen3-8B --max-model-len 4096 $o 2>&1 | head -n 1
done
# Where the requests are not given, they are no more than the tokens.
"$VRAMFIT" --gpu l4 --json -- vllm serve Qwen/Qwen3-8B --max-model-len 4096 --max-num-batched-tokens 100 | grep -o '"verdict": *"[a-z-]*"' | head -n 1
exit 0
