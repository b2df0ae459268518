"$VRAMFIT" table --model qwen3-8b -q q4,q6,q8 --gpu rtx-4060 -c 8k
"$VRAMFIT" table --model qwen3-8b -q q4 --gpu rtx-4060,rtx-3060-12gb -c 8k
"$VRAMFIT" table --model qwen3-8b -q q4 --gpu rtx-4060 -c 8k,16k
