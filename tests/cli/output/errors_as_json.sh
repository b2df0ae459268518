"$VRAMFIT" --json --model nope --gpu l4; echo "exit $?"
"$VRAMFIT" --format json --model nope --gpu l4 2>&1 >/dev/null | wc -l
printf 'services: [' > bad.yaml
"$VRAMFIT" place bad.yaml --json
"$VRAMFIT" --json --bogus | grep message
"$VRAMFIT" --json --quiet --bogus
"$VRAMFIT" --model nope --gpu l4
