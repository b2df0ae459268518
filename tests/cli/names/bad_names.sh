# One clear line each, exit status 2.
long=$(printf '%10000s' | tr ' ' a)
for name in "" "$long" "../../etc/passwd" "$(printf 'qwen\033[31m')" qwen3:9b qwen3:8b-q9_9 \
  unsloth/Qwen3-8B-GGUF:NOPE unsloth/Qwen3-8B-GGUF:missing.gguf AngelSlim/Qwen3-8B_eagle3; do
  "$VRAMFIT" --model "$name" --gpu rtx-3060
  echo "exit $?"
done
