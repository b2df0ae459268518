cat > box.json <<'J'
{"gpu": "rtx-4090", "used": "1GiB", "headroom": "5%", "workloads": [
  {"name": "draw", "workload": "flux.1-dev:nf4", "schedule": "on-demand", "keep_alive": "5m"},
  {"name": "code", "model": "qwen3-14b", "quant": "q4", "ctx": "16k", "schedule": "on-demand"},
  {"name": "tts", "workload": "kokoro"}]}
J
"$VRAMFIT" place box.json
cat > stages.json <<'J'
{"gpu": "rtx-3060-12gb", "workloads": [
  {"name": "hear", "workload": "faster-whisper-large-v3", "schedule": "stage", "keep_alive": 0},
  {"name": "think", "model": "llama3.1:8b", "quant": "q4", "ctx": "8k", "schedule": "stage", "keep_alive": 0},
  {"name": "speak", "workload": "chatterbox", "schedule": "stage", "keep_alive": 0}]}
J
"$VRAMFIT" place stages.json
sed 's/, "keep_alive": 0//' stages.json > stay.json
"$VRAMFIT" place stay.json
