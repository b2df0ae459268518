"$VRAMFIT" --model llama3.1-8b --gpu h100 --json=yes
