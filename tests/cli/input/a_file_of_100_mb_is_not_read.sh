truncate -s 100000000 big.json
"$VRAMFIT" --model ./big.json --gpu h100
