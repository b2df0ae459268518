"$VRAMFIT" --model llama3.1-8b --quant q4 --ctx 8k --gpu rtx-3060-12gb --json --plot out.svg | head -n 3
head -c 4 out.svg && tail -n 1 out.svg && grep -o 'capacity 11.5 GiB' out.svg
