. "$(dirname "$0")/root.inc"
root
nvidia "$RTX_4090"
$VRAMFIT --model qwen3-8b --quant q8_0 --ctx 16k --gpu auto --total --sysroot root
