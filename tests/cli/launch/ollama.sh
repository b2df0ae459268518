"$VRAMFIT" --model llama3.1:8b --engine ollama --gpu rtx-3060-12gb --ctx 8k --kv q8_0 --seqs 2 --launch | sed -n '/^  Modelfile/,$p'
from() { "$VRAMFIT" --engine ollama --gpu rtx-4090 --launch --model "$@" | grep -e FROM -e 'stands for'; }
from qwen3-14b --quant q4
from llama3.1-8b --quant q5_k_m
from gpt-oss
from hf.co/unsloth/Qwen3-8B-GGUF:Q4_K_M
"$VRAMFIT" --model qwen3-4b --engine ollama --gpu l4 --ctx 4k --flash-attn on --ngl 20 --ubatch 1024 --launch | sed -n "/^  Modelfile/,\$p"
