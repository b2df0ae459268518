"$VRAMFIT" --gpu h100 --model
