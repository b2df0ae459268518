cat >box.json <<'B'
{"gpu": "gb10",
 "workloads": [{"name": "chat", "model": "llama3.1-8b", "quant": "q4_k_m", "ctx": "32k", "engine": "llama.cpp"},
               {"name": "whisper", "workload": "faster-whisper-large:fp16"},
               {"name": "coder", "model": "qwen2.5-coder-32b", "quant": "bf16", "ctx": "32k", "engine": "llama.cpp"}],
 "scenarios": [{"name": "A", "title": "talking and coding", "workloads": ["chat", "whisper", "coder"]},
               {"name": "B", "title": "talking alone", "workloads": ["chat", "whisper"]}]}
B
# figures have tests of their own: digits are all one
place() { "$VRAMFIT" place box.json "$@" | sed 's/[0-9]/0/g'; }
for w in 40 80 120 200; do
  echo "== $w"
  COLUMNS=$w place
  COLUMNS=$w place --scenario A
  COLUMNS=$w place --scenario A --card
done
echo "== ASCII, colours"
COLUMNS=80 LC_ALL=C place --color always
