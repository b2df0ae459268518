v() { "$VRAMFIT" "$@" --quiet; echo "exit $?"; }
v --model llama3.1:70b --quant q4 --gpu gb10 --ctx 131072
v --model llama3.1:70b --quant q4 --gpu gb10 --ctx 131072 --strict
v --model llama3.1:70b --quant q4 --gpu gb10 --ctx 131072 --strict --cache-ram 0
"$VRAMFIT" --model qwen3-8b -q q4 -c 8k --gpu rtx-4060 --used 1400MiB | head -1
v --model qwen3-8b -q q4 -c 8k --gpu rtx-4060 --used 1400MiB
v --model qwen3-8b -q q4 -c 8k --gpu rtx-4060 --used 1400MiB --allow-risky
v --model llama3.1:70b --gpu gb10
v --model llama3.1:70b --gpu gb10 -q q4 -c 32k
