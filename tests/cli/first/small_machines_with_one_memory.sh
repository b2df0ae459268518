"$VRAMFIT" qwen3-8b m4
echo "exit $?"
"$VRAMFIT" max ctx --model qwen3-8b --gpu m4
"$VRAMFIT" max ctx --model qwen3-8b --gpu m4 --json | grep cache_ram
"$VRAMFIT" --model qwen3-8b --gpu m4 --quant q4 | head -1
for engine in koboldcpp lm-studio ollama@0.12.3 llama.cpp@b5092 llama.cpp@b6723; do
  "$VRAMFIT" --model qwen3-8b --gpu m4 --quant q4 --ctx 8k --engine $engine | grep -E "^[A-Z-]+ +qwen|may grow"
done
"$VRAMFIT" --model qwen3-8b --gpu m4 --engine llama.cpp@b6000 --cache-ram 4096
