"$VRAMFIT" --model llama3.1-8b --quant q4 --ctx 8k --gpu rtx-3060-12gb --json --plot - >json; code=$?
"$VRAMFIT" --model llama3.1-8b --quant q4 --ctx 8k --gpu rtx-3060-12gb --quiet --plot no/such/folder.svg || exit $code
