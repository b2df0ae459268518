# what an option leaves of the pool is no lack of memory; less than the requests fill lets the rest wait, less than one starts none
of() { "$VRAMFIT" --gpu h100 --model qwen3-8b --ctx 8k --seqs $1 --engine $2 $3 $4 | grep '^FITS\|^NO-FIT\|needs\|pool '; }
for n in 1 8; do of $n trtllm --pool-tokens 14560; of $n trtllm --kv-cache-memory 2G; of $n sglang --pool-tokens 14560; of $n vllm --kv-cache-memory 2G; done
of 1 trtllm --pool-tokens 4000
# without the radix cache SGLang's windows get what the requests can use
for o in --max-running-requests --disable-radix-cache\ --max-running-requests; do
  "$VRAMFIT" --gpu h100 -- python -m sglang.launch_server --model-path google/gemma-3-12b-it --context-length 8192 $o 8 | grep 'needs'
done
