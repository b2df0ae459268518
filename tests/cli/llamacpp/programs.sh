for program in llama.cpp llama-server llama-cli llama-bench ollama ollama@0.20 koboldcpp llama.cpp@b5000; do
  "$VRAMFIT" --engine $program --model llama3.1:8b --quant q4 --gpu rtx-4090
done
