for on in true '"on"' false; do
  echo '{"gpu": "l4", "workloads": [{"model": "qwen3-8b", "engine": "llama.cpp", "quant": "q4", "ctx": 32768, "flash_attn": '"$on"'}]}' > box.json
  "$VRAMFIT" place box.json | grep 'needs'
done
