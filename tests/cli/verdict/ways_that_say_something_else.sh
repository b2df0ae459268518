# No way says another one and something more for nothing, none is wider than what does not fit, none has words that the engine has not.
ways() { echo "== $*" && "$VRAMFIT" "$@" | sed -n '1s/ in .*//p; /would fit/,/assumes/{/assumes/!s/  */ /gp;}; s/^  also/ also/p'; }
ways --model MiniMaxAI/MiniMax-M2.1 --engine vllm --gpu h100x8 --ctx 32k
ways --model gpt-oss:120b --engine ollama --gpu rtx-4090 --ctx 32k --host-memory 96GiB
ways --model gpt-oss-120b --engine llama-server --gpu rtx-4090 --ctx 32k --host-memory 96GiB
ways --model Qwen/Qwen3-30B-A3B-FP8 --engine vllm --gpu l40s --ctx 128k
ways --gpu h100 -- vllm serve openai/gpt-oss-120b --max-model-len 131072
ways --gpu a100-40gb -- vllm serve openai/gpt-oss-20b --max-model-len 131072
ways --model mlx-community/Qwen3-8B-4bit --gpu m1-16gb --ctx 40k
ways --model Qwen/Qwen3-32B-AWQ --engine vllm --gpu rtx-4090x2 --ctx 32k
ways --model llama3.1-8b --quant q4_0 --gpu rtx-3060-12gb --ctx 45k
