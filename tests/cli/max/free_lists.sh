$VRAMFIT max ctx --model qwen3-32b --quant any --min-ctx 16k --gpu rtx-4090
$VRAMFIT max ctx --model qwen3-32b --quant any --gpu rtx-4090
$VRAMFIT max seqs --model qwen3-8b --quant q4,q8_0 --min-seqs 4 --ctx 8k --gpu l4,rtx-3060-12gb
