# each key of "expect" with what is there, and with a value that is none
cat > v.json <<'J'
{"vramfit": 1, "defaults": {"model": "qwen3-8b", "quant": "q4_k_m", "gpu": "rtx-4090", "engine": "llama.cpp", "ctx": "8k"}, "deployments": [
 {"name": "share", "expect": {"max_utilization": "lots"}},
 {"name": "too-full", "expect": {"max_utilization": 0.1}},
 {"name": "room-of-what", "expect": {"min_headroom": "some"}},
 {"name": "room", "expect": {"min_headroom": "20GiB"}},
 {"name": "room-share", "expect": {"min_headroom": "90%"}},
 {"name": "room-enough", "expect": {"min_headroom": "10%"}},
 {"name": "seqs-of-what", "expect": {"min_seqs": "many"}},
 {"name": "fits-all-the-same", "expect": {"fits": false}},
 {"name": "fast", "expect": {"min_decode": 5000}},
 {"name": "no-speed", "gpu": "h200:1g.18gb", "expect": {"min_decode": 5}},
 {"name": "beyond", "ctx": "64k"}
]}
J
"$VRAMFIT" check v.json; echo "exit $?"
# what may not fit is a finding, or with --allow-risky a warning
echo '{"vramfit": 1, "deployments": [{"name": "risky", "model": "llama3.1-8b", "gpu": "rtx-4070", "engine": "vllm", "quant": "fp8", "ctx": "8k"}]}' > r.json
"$VRAMFIT" check r.json; echo "exit $?"
"$VRAMFIT" check --allow-risky r.json; echo "exit $?"
