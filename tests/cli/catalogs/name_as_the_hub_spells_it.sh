"$VRAMFIT" --model unsloth/Meta-Llama-3.1-8B-Instruct-GGUF --quant q4 --gpu "NVIDIA GeForce RTX 4090" --ctx 8k
