counted() { sed 's/[0-9]* of [0-9]* devices/N of N devices/'; }
"$VRAMFIT" qwen3-30b-a3b --all | counted | grep -e carry -e 'device  ' -e rtx-4090
"$VRAMFIT" --model deepseek-v3 --ctx 4k --quiet; echo "exit $?"
"$VRAMFIT" --model deepseek-v3 --quant bf16 --ctx 4k --quiet; echo "exit $?"
