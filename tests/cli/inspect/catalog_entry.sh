"$VRAMFIT" inspect qwen3-next-80b-a3b
"$VRAMFIT" inspect deepseek-v3-671b
