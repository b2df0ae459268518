for o in "--used 2" "--headroom 1" "--memory 24" "--host-memory 64"; do
  "$VRAMFIT" --model qwen3-8b -q q4 -c 8k --gpu rtx-4060 $o; echo "exit $?"
done
for o in "--used 2GB" "--used 2G" "--used 2gb" "--memory 24g"; do
  "$VRAMFIT" --model qwen3-8b -q q4 -c 8k --gpu rtx-4060 $o | head -1
done
"$VRAMFIT" --model qwen3-8b -q q4 -c 8k --gpu rtx-4060 --used "2 GB" | head -1
