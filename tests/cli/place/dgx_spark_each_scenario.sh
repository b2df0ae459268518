examples="$(cd "$(dirname "$0")/../../../docs/examples" && pwd)"
for s in A B C D E F G; do
  "$VRAMFIT" place "$examples/dgx-spark/box.json" --scenario $s
  echo "exit $?"
done
