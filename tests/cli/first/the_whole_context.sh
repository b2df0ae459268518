"$VRAMFIT" qwen3-8b rtx-4090 -q q4 --ctx max | head -1
"$VRAMFIT" qwen3-8b rtx-4060 -q q4 --ctx full | head -1
"$VRAMFIT" --gpu rtx-4060 -- llama-server -hf unsloth/Qwen3-8B-GGUF:Q4_K_M -c 0 | head -1
"$VRAMFIT" --gpu rtx-4060 -- llama-server -hf unsloth/Qwen3-8B-GGUF:Q4_K_M | head -1
"$VRAMFIT" table --model qwen3-8b,llama3.1-8b --gpu rtx-4090 -q q4 --ctx 8k,max | sed -n 1,5p
"$VRAMFIT" rtx-4060 --ctx max | head -1 | sed 's/[0-9]* of [0-9]*/N of N/'
"$VRAMFIT" qwen3-8b rtx-4060 -q q4 --ctx max --json | grep '"ctx_tokens": 40960'
# shared out among slots that llama-server was told of
for a in "-c 0 -np 2" "-c 0 -np 3" "-c 0 -np 4 -kvu"; do "$VRAMFIT" --gpu rtx-4090 -- llama-server -hf unsloth/Qwen3-8B-GGUF:Q4_K_M $a | head -1; done
"$VRAMFIT" qwen3-8b rtx-4090 -q q4 --ctx-size 0 --parallel 2 | head -1
