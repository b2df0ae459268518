"$VRAMFIT" fit llama3.1-8b --gpu h100
