examples="$(cd "$(dirname "$0")/../../../docs/examples" && pwd)"
"$VRAMFIT" place "$examples/dgx-spark/box.json" --scenario B --json
