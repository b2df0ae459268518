for g in 24 12 16 80 32 40 96 8 48 141; do "$VRAMFIT" qwen3-8b --gpu $g; echo "exit $?"; done 2>&1
for g in a100 "rtx 4060 ti" "4060 ti" rtx4060 v100 m3 3080 2x4090 "2 x RTX 4090" "4090 24gb"; do
  "$VRAMFIT" qwen3-8b -q q4 -c 8k --gpu "$g" | sed -n -e 1p -e '/several sizes/p'
done
