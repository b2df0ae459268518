for gpu in gtx-1650 rtx-4090 h100; do "$VRAMFIT" --engine ollama --model llama3.2:3b --gpu $gpu | head -1; done
"$VRAMFIT" --engine ollama --model nomic-embed-text --gpu rtx-4090 | head -1
"$VRAMFIT" --engine ollama --model gpt-oss:20b --gpu rtx-4090 | head -1
