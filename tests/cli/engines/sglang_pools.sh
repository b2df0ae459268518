# States: nine nineteenths, slots of --max-mamba-cache-size, or one for each request where nothing is kept.
pool() { $VRAMFIT --model nemotron-nano-9b-v2 --quant bf16 --engine sglang --gpu h100 --ctx 8704 --gpu-memory-utilization 0.8 "$@" | grep -E 'state|pool|assumes|runs fewer'; }
pool; pool --mamba-full-memory-ratio 0.2; pool --max-mamba-cache-size 300; pool --max-num-seqs 48 --prefix-caching off; pool --mamba-ssm-dtype bf16
pool --max-mamba-cache-size 2 --seqs 4
# Tokens: a cap, windows of another share, a cache in main memory, a draft.
line() { $VRAMFIT --gpu h100 -- python -m sglang.launch_server --model-path "$@" --context-length 8192 | grep -E 'weights|pool|host|not read'; }
line Qwen/Qwen3-8B --max-total-tokens 20000
line openai/gpt-oss-20b; line openai/gpt-oss-20b --swa-full-tokens-ratio 0.1
line Qwen/Qwen3-8B --enable-hierarchical-cache; line Qwen/Qwen3-8B --hicache-size 30
line Qwen/Qwen3-8B --speculative-algorithm EAGLE --speculative-draft-model-path Qwen/Qwen3-0.6B --speculative-num-draft-tokens 4
line Qwen/Qwen3-8B --cuda-graph-max-bs 16
