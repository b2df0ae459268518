# Files have a name for these architectures, and no llama.cpp runs them: where no engine is named it is another one.
for model in meta-llama/Llama-3.2-11B-Vision-Instruct EleutherAI/gpt-j-6b; do
  "$VRAMFIT" --model $model --gpu h100 --ctx 2k | head -n 1
  "$VRAMFIT" --model $model --engine llama.cpp --gpu h100 --ctx 2k
done
