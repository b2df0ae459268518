"$VRAMFIT" --model --gpu h100
