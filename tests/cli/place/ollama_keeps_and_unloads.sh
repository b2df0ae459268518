cat > box.json <<'J'
{"gpu": "rtx-4090", "ollama": {"max_loaded_models": 2, "keep_alive": "5m", "requests": ["a","b","c","a"]},
 "workloads": [
 {"name":"a","model":"llama3.1:8b","engine":"ollama","ctx":"8k"},
 {"name":"b","model":"qwen3-4b","quant":"q4","engine":"ollama","ctx":"8k", "keep_alive": -1},
 {"name":"c","model":"gemma3-12b","quant":"q4","engine":"ollama","ctx":"8k"},
 {"name":"tts","workload":"kokoro"}]}
J
"$VRAMFIT" place box.json
