"$VRAMFIT" workloads tts --memory ..4GiB
"$VRAMFIT" workloads f5tts
"$VRAMFIT" workloads --family video
cat > mine.json <<'J'
{"workloads": [{"id": "lab-tts", "name": "Ours", "task": "speech-synthesis",
 "variants": [{"id": "a", "memory_mib": [900, 1000, 1100], "quality": "measured", "source": "nvidia-smi"}]}]}
J
"$VRAMFIT" workloads lab-tts --catalog mine.json --json
sed 's/1000, 1100/1000, 900/' mine.json > bad.json
"$VRAMFIT" workloads lab-tts --catalog bad.json
