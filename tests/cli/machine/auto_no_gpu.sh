. "$(dirname "$0")/root.inc"
root
$VRAMFIT --model qwen3-8b --gpu auto --sysroot root
