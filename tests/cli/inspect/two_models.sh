"$VRAMFIT" inspect llama3.1-8b llama3.2-3b
"$VRAMFIT" inspect llama3.1-8b llama3.1-8b
"$VRAMFIT" inspect llama3.1-8b llama3.2-3b --json
