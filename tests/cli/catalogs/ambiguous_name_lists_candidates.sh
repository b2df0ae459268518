"$VRAMFIT" --model llama-70b --gpu h100
