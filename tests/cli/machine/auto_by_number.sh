. "$(dirname "$0")/root.inc"
root
nvidia "$RTX_4090;name=NVIDIA H200,pci=2335:10de,cc=9.0,total=143771,reserved=616,used=5000;$RTX_4090"
$VRAMFIT --model llama3.1-70b --quant q4 --ctx 8k --gpu auto:1,2 --sysroot root
$VRAMFIT --model llama3.1-70b --quant q4 --ctx 8k --gpu auto:0 --sysroot root --quiet
