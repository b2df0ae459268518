"$VRAMFIT" qwen3-30b-a3b | head -8
"$VRAMFIT" --model deepseek-v3 --ctx 4k; echo "exit $?"
