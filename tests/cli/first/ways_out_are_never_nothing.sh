ways() { "$VRAMFIT" "$@" | sed -n '/would fit/,/^$/p' | sed 's/, [0-9.]*–[0-9.]* tokens.s//'; }
ways --model llama3.1-70b --quant bf16 --ctx 131072 --gpu gb10
ways --model deepseek-v3 -q iq1_s --gpu rtx-3090x2 --host-memory 128GiB -c 16k --cpu-moe
ways --model qwen3-235b-a22b -q q4 --gpu rtx-3090x2 --host-memory 128GiB -c 16k
ways --model gpt-oss-120b --gpu rtx-4090 -c 16k
ways --model llama3.3-70b -q q4 -c 8k --gpu m4-max-40-64gb --memory 46GiB
ways --model deepseek-r1 --gpu strix-halo -c 8k
ways --model llama3.1-70b --engine vllm --gpu h100x4 --ctx 32k --seqs 64
ways --model deepseek-v3 --engine vllm --gpu h100x8 --ctx 32k
"$VRAMFIT" max gpus --model deepseek-v3 --engine vllm --gpu h100 --ctx 8k | head -3
