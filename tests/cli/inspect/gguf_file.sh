cp "$(dirname "$0")/tiny.header" tiny.gguf; truncate -s 345056 tiny.gguf
"$VRAMFIT" inspect tiny.gguf --tensors
