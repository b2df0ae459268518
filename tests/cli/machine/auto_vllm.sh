. "$(dirname "$0")/root.inc"
root
nvidia "name=NVIDIA H200,pci=2335:10de,cc=9.0,total=143771,reserved=616,used=5000"
$VRAMFIT --model qwen3-32b --engine vllm --ctx 32k --gpu auto --sysroot root
