said() { g=$1; shift; $VRAMFIT --seqs 8 --gpu $g -- "$@" | grep -E '^[A-Z]|pool|at once'; }
said rtx-4090 vllm serve Qwen/Qwen3-8B --max-model-len 8192 --max-num-seqs 4
said h100 vllm serve Qwen/Qwen3-8B --max-model-len 8192 --max-num-seqs 4
said h100 trtllm-serve Qwen/Qwen3-8B --max_seq_len 8192 --max_batch_size 4
said h100 lmdeploy serve api_server Qwen/Qwen3-8B --session-len 8192 --max-batch-size 4
$VRAMFIT --seqs 8 --gpu h100 --json -- vllm serve Qwen/Qwen3-8B --max-model-len 8192 --max-num-seqs 4 | grep -o '"starts": *[a-z]*'
$VRAMFIT --gpu h100 --json -- vllm serve Qwen/Qwen3-8B --max-model-len 65536 | grep -o '"starts": *[a-z]*'
