. "$(dirname "$0")/root.inc"
root
nvidia "name=NVIDIA GeForce RTX 4090,pci=2684:10de,mem=15"
$VRAMFIT --model qwen3-8b --quant q8_0 --ctx 16k --gpu auto --sysroot root; echo "exit $?"
