LC_ALL=en_US.UTF-8 "$VRAMFIT" --model llama3.1-70b --quant q4 --ctx 32k --gpu gb10 --plot - | tail -n 22
