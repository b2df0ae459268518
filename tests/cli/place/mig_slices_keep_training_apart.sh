cat > box.json <<'J'
{"gpu": ["h100:3g.40gb", "h100:4g.40gb"],
 "workloads": [{"name": "train", "size": "30GB", "class": "training"},
               {"name": "chat", "model": "qwen3-14b", "quant": "q4", "ctx": "8k"}]}
J
"$VRAMFIT" place box.json
sed 's/\["h100:3g.40gb", "h100:4g.40gb"\]/"h100"/' box.json > whole.json
"$VRAMFIT" place whole.json
