printf 'FROM llama3.1:8b\n# a comment\nPARAMETER num_ctx 8192\nPARAMETER num_gpu 20\nPARAMETER stop "<|x|>"\nSYSTEM """You are\nhelpful."""\n' > Modelfile
"$VRAMFIT" --model Modelfile --gpu rtx-4090
OLLAMA_KV_CACHE_TYPE=q8_0 OLLAMA_NUM_PARALLEL=2 "$VRAMFIT" --model ./Modelfile --gpu rtx-4090 | head -1
