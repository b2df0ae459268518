for w in 40 60 80 120 200; do
  for c in "llama3.1-8b rtx-4060 -q q4 -c 32k" "llama3.1-70b rtx-4090x2 -q q4 -c 8k --explain" "rtx-4060" "explain kv-cache" "max ctx -m qwen3-8b -q q4 -g rtx-4060"; do
    COLUMNS=$w LC_ALL=C "$VRAMFIT" $c | awk -v w=$w -v c="$c" 'length($0) > w { n++ } END { if (n) print w, c, n }'
  done
done
