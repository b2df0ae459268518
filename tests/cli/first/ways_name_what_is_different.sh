# a format by another name is the same one, and machines have a network between them
"$VRAMFIT" gpt-oss-120b h100 -q awq | grep -c 'also fits.*awq'
"$VRAMFIT" qwen3-32b-awq 4090 | grep -o -e '--ctx .*--kv fp8'
"$VRAMFIT" llama3.1-70b gb10x2 -q q8 -c 32k | grep 'of its own'
"$VRAMFIT" gpt-oss-120b dgx-spark-2x --engine vllm | grep 'of its own'
"$VRAMFIT" llama3.1-70b rtx-4090x2 -q q4 -c 8k | grep -c 'of its own'
"$VRAMFIT" rtx-4060 --quiet
