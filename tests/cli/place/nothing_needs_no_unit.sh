for n in 0 1 '"0"'; do
  printf '{"gpu": "gb10", "workloads": [{"name": "chat", "model": "llama3.1:8b", "ctx": 8192, "cache_ram": %s}]}' "$n" > box.json
  "$VRAMFIT" place box.json | grep -cE "^FITS|may grow"
done
