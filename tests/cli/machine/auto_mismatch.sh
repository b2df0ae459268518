. "$(dirname "$0")/root.inc"
root
nvidia init=18
$VRAMFIT --model qwen3-8b --gpu auto --sysroot root
