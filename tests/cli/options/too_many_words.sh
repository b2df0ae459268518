"$VRAMFIT" fit llama3.1-8b h100 more
