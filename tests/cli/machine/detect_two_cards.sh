. "$(dirname "$0")/root.inc"
root
nvidia "$RTX_4090;name=NVIDIA H200,pci=2335:10de,cc=9.0,total=143771,reserved=616"
$VRAMFIT detect --sysroot root
$VRAMFIT detect --sysroot root --unit gb
