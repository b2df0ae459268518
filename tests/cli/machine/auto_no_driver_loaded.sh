. "$(dirname "$0")/root.inc"
root
nvidia init=9
$VRAMFIT --model qwen3-8b --gpu auto --sysroot root
