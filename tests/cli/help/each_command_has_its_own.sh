for c in fit table max compare inspect explain detect place models gpus nodes workloads formats engines; do
  "$VRAMFIT" $c --help >a; "$VRAMFIT" help $c >b; "$VRAMFIT" $c -h >c
  cmp a b && cmp b c && head -1 a
done
"$VRAMFIT" help detect
"$VRAMFIT" help kv | head -1
"$VRAMFIT" help nonsense; echo "exit $?"
"$VRAMFIT" version | head -1
# a command's own options come first, and its engines are trainers
"$VRAMFIT" train --help | grep -e '^[A-Z].*:$' -e '--engine' -A1 | head -14
"$VRAMFIT" place --help | grep '^[A-Z].*:$' | head -2
