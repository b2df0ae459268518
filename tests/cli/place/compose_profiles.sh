cat > compose.json <<'J'
{"name": "lab", "services": {
 "vllm.main": {"image": "vllm/vllm-openai:v0.19.0", "command": ["--model","Qwen/Qwen3-8B","--max-model-len","16k","--gpu-memory-utilization","0.5"], "deploy": {"resources": {"reservations": {"devices": [{"driver":"nvidia","count":1,"capabilities":["gpu"]}]}}}, "profiles": ["serve"]},
 "llama": {"image": "ghcr.io/ggml-org/llama.cpp:server-cuda", "command": ["-hf","ggml-org/gemma-3-4b-it-GGUF:Q4_K_M","-c","8192","-np","2","-fa","on"], "environment": {"LLAMA_ARG_CACHE_TYPE_K":"q8_0"}, "gpus":[{"count":-1}]},
 "ollama": {"image": "ollama/ollama:latest", "environment": {"OLLAMA_KEEP_ALIVE":"10m","OLLAMA_CONTEXT_LENGTH":"8192"}, "x-vramfit": [{"model":"llama3.1:8b"},{"model":"qwen3-4b","quant":"q4"}]},
 "speech": {"image": "example/kokoro", "x-vramfit": {"workload":"kokoro"}, "profiles": ["serve","speech"]},
 "db": {"image": "postgres:16"}}}
J
"$VRAMFIT" place compose.json --gpu rtx-6000-ada
"$VRAMFIT" place compose.json --gpu rtx-6000-ada --profile serve
"$VRAMFIT" place compose.json
