# an engine that lowers the context fits anywhere with some: what lists are asked with is taken, and told
for q in quant ngl seqs kv; do "$VRAMFIT" max $q qwen3-8b rtx-4060; echo "exit $?"; done
"$VRAMFIT" max quant qwen3-8b rtx-4060 --ctx max | head -1
"$VRAMFIT" max gpus llama3.1-70b h100 --engine vllm | head -1
"$VRAMFIT" max gpus deepseek-v3 h100 --ctx 8k | head -3
