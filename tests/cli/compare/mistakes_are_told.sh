r() { $VRAMFIT compare "$@" --model qwen3-32b --gpu l4; echo $?; }
r; r "--quant q4"; r a b; r "--foo 1" "-q q4"; r "--quant 'q4" "-q q4"; r "--quant q4,q5" "-q q4"; r "--quant q4 fit" "-q q4"
