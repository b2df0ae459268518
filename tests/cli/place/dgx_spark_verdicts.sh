examples="$(cd "$(dirname "$0")/../../../docs/examples" && pwd)"
# the verdicts that the box is known for, whatever the figures
"$VRAMFIT" place "$examples/dgx-spark/box.json" --json | awk -F'"' '
  /"scenarios": \[/ { on = 1 } on && $2 == "name" { name = $4 } on && /^      "verdict"/ { memory = $4 }
  on && /^      "compute"/ { c = 1 } c && /^        "verdict"/ { print name, memory, $4; c = 0 }'
