"$VRAMFIT" --model llama3.1:8b --engine ollama --gpu rtx-3060-12gb --ctx 8k --kv q8_0 --seqs 2 --launch | sed -n '/^  Modelfile/,$p'
