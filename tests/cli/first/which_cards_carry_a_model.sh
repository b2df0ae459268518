counted() { sed 's/[0-9]* of [0-9]* devices/N of N devices/'; }
"$VRAMFIT" qwen3-30b-a3b --all | counted | grep -e carry -e 'device  ' -e rtx-4090
"$VRAMFIT" --model deepseek-v3 --ctx 4k --quiet; echo "exit $?"
"$VRAMFIT" --model deepseek-v3 --quant bf16 --ctx 4k --quiet; echo "exit $?"
# what many have comes first, the smallest at the front
names() { sed -n '3,$p' | grep -o '^  [a-z][^ ]*' | tr -d '\n'; echo; }
"$VRAMFIT" llama3.1:8b | names
"$VRAMFIT" llama3.3:70b | names
"$VRAMFIT" llama3.3:70b | head -1 | counted
"$VRAMFIT" max gpu llama3.1-70b -q q4 -c 8k
"$VRAMFIT" max gpu qwen3-14b -q q4 -c 8k | head -1
