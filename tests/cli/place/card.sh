examples="$(cd "$(dirname "$0")/../../../docs/examples" && pwd)"
"$VRAMFIT" place "$examples/dgx-spark/box.json" --scenario C --card --card-svg card.svg
"$VRAMFIT" place "$examples/dgx-spark/box.json" --scenario G --card
cat card.svg
