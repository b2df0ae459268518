. "$(dirname "$0")/root.inc"
root
nvidia "$RTX_4090"
$VRAMFIT table --model qwen3-8b --quant q8_0 --gpu auto,rtx-4090 --ctx 8k,16k --sysroot root
$VRAMFIT max ctx --model qwen3-14b --quant q8_0 --gpu auto:0 --sysroot root
$VRAMFIT compare '--gpu auto' '--gpu auto --total' --model qwen3-8b --quant q8_0 --ctx 8k --sysroot root
