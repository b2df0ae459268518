# A preset stands for a line; what is said behind it counts more.
for preset in embd-gemma-default fim-qwen-1.5b-default fim-qwen-3b-default fim-qwen-7b-default fim-qwen-7b-spec fim-qwen-14b-spec \
  fim-qwen-30b-default gpt-oss-20b-default gpt-oss-120b-default vision-gemma-4b-default vision-gemma-12b-default; do
  "$VRAMFIT" --gpu rtx-4090 -- llama-server --$preset | head -n 1
done
"$VRAMFIT" --gpu rtx-4090 --strict -- llama-server --gpt-oss-20b-default -c 8192
"$VRAMFIT" --gpu rtx-4090 --launch -- llama-server --gpt-oss-20b-default | sed -n '/^  launch/p'
"$VRAMFIT" --gpu rtx-4090 -- llama-server --gpt-oss-20b-defaul
