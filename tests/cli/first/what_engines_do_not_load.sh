t() { "$VRAMFIT" "$@" 2>&1 | head -1; }
for e in llama.cpp ollama mlx transformers; do t --model llama3.2-11b-vision --gpu rtx-4090 --engine $e -c 8k; done
t --model llama3.2-90b-vision --gpu h100 --engine ollama -c 8k
t --model llama3.2-11b-vision --gpu rtx-4090 --engine ollama@0.12.0 -c 8k
t --model gpt-j-6b -q q4 --gpu rtx-4090
t --model flan-t5-xl --gpu rtx-4090 --engine llama.cpp
t --model step-3.7-flash --gpu rtx-4090 --engine llama.cpp -q q4
t --model gpt-oss-20b --engine mlx --gpu m4-max-40-64gb -c 8k
t --model gpt-oss-20b --engine mlx --gpu m4-max-40-64gb -c 8k -q mxfp4
t --model gpt-oss-20b --engine mlx --gpu m4-max-40-64gb -c 8k -q mlx-4bit
