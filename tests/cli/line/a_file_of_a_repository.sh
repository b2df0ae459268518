# -hff names the file, whatever tag the repository has; beside -hf so does -m.
on() { $VRAMFIT --gpu l4 -- llama-server -c 4096 "$@" 2>&1 | head -1; }
on -hf unsloth/Qwen3-32B-GGUF -hff Qwen3-32B-BF16.gguf
on -hff Qwen3-32B-BF16.gguf -hf unsloth/Qwen3-32B-GGUF:Q4_K_M
on -m models/Qwen3-32B-BF16.gguf -hf unsloth/Qwen3-32B-GGUF
on -hf unsloth/Qwen3-32B-GGUF -hff BF16/Qwen3-32B-BF16-00001-of-00002.gguf
on -mu https://huggingface.co/unsloth/Qwen3-32B-GGUF/resolve/main/Qwen3-32B-BF16.gguf
on -hff Qwen3-32B-BF16.gguf
LLAMA_ARG_HF_REPO=unsloth/Qwen3-32B-GGUF LLAMA_ARG_HF_FILE=Qwen3-32B-BF16.gguf on
