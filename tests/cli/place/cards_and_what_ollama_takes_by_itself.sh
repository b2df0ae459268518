# a desktop holds some of the first card; what is pinned stays there; Ollama's context follows all cards
cat > box.json <<'J'
{"gpu": "rtx-4090x2", "system": "2GiB", "workloads": [
 {"name": "pinned", "size": ["1GB", "2GB", "3GB"], "gpu": 1},
 {"name": "speech", "workload": "kokoro-82m:macos"},
 {"name": "chat", "model": "qwen3-8b", "engine": "ollama"}]}
J
"$VRAMFIT" place box.json; echo "exit $?"
"$VRAMFIT" place box.json --memory 48GiB | grep 'needs\|itself'
box() { echo "{\"gpu\": \"$1\", \"workloads\": [{\"name\": \"a\", $2}]}" > box.json; "$VRAMFIT" place box.json; echo "exit $?"; }
box rtx-4090x2 '"command": "llama-server -m qwen3-8b -c 8192 --split-mode none --main-gpu 3", "quant": "q4_k_m"'
box rtx-4090x2 '"size": "1GB", "gpu": [0, 1]'
box rtx-4090 '"model": "qwen3-0.6b", "method": "lora", "gpus": 2'
box rtx-4090 '"command": "torchrun --nproc_per_node 4 train.py --model_name_or_path Qwen/Qwen3-0.6B"'
