for c in fit table max compare inspect explain detect place models gpus nodes workloads formats engines; do
  "$VRAMFIT" $c --help >a; "$VRAMFIT" help $c >b; "$VRAMFIT" $c -h >c
  cmp a b && cmp b c && head -1 a
done
"$VRAMFIT" help detect
"$VRAMFIT" help kv | head -1
"$VRAMFIT" help nonsense; echo "exit $?"
"$VRAMFIT" version | head -1
