"$VRAMFIT" inspect llama3.1-8b llama3.2-3b llama3.2-1b
