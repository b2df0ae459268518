"$VRAMFIT" models no-such-thing
"$VRAMFIT" gpus --vendor nobody
"$VRAMFIT" formats zz
"$VRAMFIT" models --params 7
"$VRAMFIT" models --params 9B..7B
"$VRAMFIT" models llama extra
"$VRAMFIT" --model llama3.1-8b --gpu h100 --memory 24GB..48GB
