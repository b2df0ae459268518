# One clear line each, exit status 2.
long=$(printf '%10000s' | tr ' ' a)
for name in "" "$long" "../../etc/passwd" "$(printf 'qwen\033[31m')" qwen3:9b qwen3:8b-q9_9 \
  unsloth/Qwen3-8B-GGUF:NOPE unsloth/Qwen3-8B-GGUF:missing.gguf AngelSlim/Qwen3-8B_eagle3 \
  microsoft/Phi-4-mini-flash-reasoning Qwen/Qwen3-ForcedAligner-0.6B tiiuae/Falcon-H1R-7B allenai/Olmo-Hybrid-7B someone/Qwen3-8B-lora gpt-oss:120b-cloud; do
  "$VRAMFIT" --model "$name" --gpu rtx-3060
  echo "exit $?"
done
