no() { "$VRAMFIT" "$@"; echo "exit $?"; }
no models --gpu rtx-4060
no table --model any --params 7B..14B --gpu rtx-4060
no table --model any --family qwen --gpu rtx-4060
no max gpu --vendor nvidia --model llama3.1-70b
no gpus --family qwen
no models --vendor nvidia
no detect --model x
for o in "--rows model" "--cell need" "--min-ctx 4k" "--scenario A" --tensors; do no fit --model qwen3-8b --gpu rtx-4090 $o; done
no max ctx --model qwen3-8b --gpu rtx-4090 --launch
no compare "-q q4" "-q q8" --model qwen3-8b --gpu rtx-4090 --launch
no place box.json --launch
no place box.json --plot -
no qwen3-8b rtx-4090 -q q4 -c 8k --plot x.png
# one list makes rows, whatever is said
"$VRAMFIT" table --model qwen3-8b,llama3.1-8b --gpu rtx-4060 -q q4 -c 8k --rows model | sed -n 3,5p
"$VRAMFIT" max ctx --model llama3.1-70b -q q4 --gpu rtx-3090+rtx-4090 | head -1
