"$VRAMFIT" --modle llama3.1-8b
