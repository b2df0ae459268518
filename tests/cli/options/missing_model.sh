"$VRAMFIT" --gpu h100
