"$VRAMFIT" models llama3.2-1b --json
