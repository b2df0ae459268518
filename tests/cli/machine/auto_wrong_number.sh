. "$(dirname "$0")/root.inc"
root
nvidia "$RTX_4090"
$VRAMFIT --model qwen3-8b --gpu auto:1 --sysroot root
