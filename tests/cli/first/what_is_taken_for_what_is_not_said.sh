"$VRAMFIT" llama3.1-8b rtx-4060 --ctx 8k | grep -e FIT -e assumes -e quant
"$VRAMFIT" llama3.1-8b rtx-4060 --quant q4 | grep -e FIT -e ctx
"$VRAMFIT" llama3.1-8b rtx-4060 --quant q4 --ctx 131072 | head -1
"$VRAMFIT" llama3.1-8b h100 --max-num-seqs 64 | head -1
"$VRAMFIT" qwen3-30b-a3b rtx-4060 --n-cpu-moe 40 --ctx 8k | head -1
"$VRAMFIT" gpt-oss-20b rtx-4060 --ctx 8k --ngl 12 | head -1
"$VRAMFIT" gpt-oss-120b h100 --ctx 8k | head -1
"$VRAMFIT" llama3.1-8b rtx-4060 --json | grep -A10 offers
