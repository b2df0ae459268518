"$VRAMFIT" --model llama3.1-8b --quant q4 --ctx 8k --gpu l4 --headroom 2GiB | sed -n 2p; "$VRAMFIT" --model llama3.1-8b --quant q4 --ctx 8k --gpu l4 --headroom 25% | sed -n 2p
