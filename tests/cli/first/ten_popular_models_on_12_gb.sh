# speeds have tests of their own
for m in llama3.2 llama3.1 qwen3:8b qwen3:14b gemma3 gemma3:12b mistral phi4 gpt-oss deepseek-r1:8b; do
  "$VRAMFIT" $m rtx-3060-12gb --json --quiet; code=$?
  "$VRAMFIT" $m rtx-3060-12gb | sed 's/  *[0-9.]*–[0-9.]*/ /'; echo "exit $code"
done
