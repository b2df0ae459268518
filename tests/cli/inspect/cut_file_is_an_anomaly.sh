cp "$(dirname "$0")/tiny.header" tiny.gguf
"$VRAMFIT" inspect tiny.gguf; echo "exit $?"
"$VRAMFIT" inspect tiny.gguf --strict --quiet; echo "exit $?"
"$VRAMFIT" --model tiny.gguf --gpu rtx-4090; echo "exit $?"
