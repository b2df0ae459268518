# Four spellings of the Hub and of Ollama: the format and the engine that such a name is for.
"$VRAMFIT" --model unsloth/Qwen3-8B-GGUF:UD-Q4_K_XL --gpu rtx-3060
"$VRAMFIT" --model qwen3:8b --gpu rtx-3060
"$VRAMFIT" --model hf.co/bartowski/Qwen3-8B-GGUF:Q4_K_L --gpu rtx-3060
"$VRAMFIT" --model nvidia/Llama-3.3-70B-Instruct-FP4 --gpu b200
