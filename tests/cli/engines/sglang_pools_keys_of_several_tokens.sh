v4="$VRAMFIT deepseek-v4-flash --engine sglang --gpu h200x8 --tp 8"
$v4 --ctx 64k --explain | grep -E "pool |kv_cache|recurrent_state|request_table"
$v4 --ctx 64k --dp 8 --ep 8 --max-num-seqs 512 --explain | grep -E "pool |recurrent_state"
$VRAMFIT --gpu h200x8 -- python -m sglang.launch_server --model-path deepseek-ai/DeepSeek-V4-Flash --tp 8 --context-length 65536 --swa-full-tokens-ratio 0.5 --speculative-algorithm EAGLE --speculative-num-draft-tokens 4 | grep pool
$VRAMFIT deepseek-v4-flash --engine sglang@0.5.9 --gpu h200x8 --tp 8 --ctx 64k
