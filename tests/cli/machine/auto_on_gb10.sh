. "$(dirname "$0")/root.inc"
root
printf 'MemTotal: 127600524 kB\nMemAvailable: 104857600 kB\nSwapTotal: 16777216 kB\nSwapFree: 16777216 kB\n' >root/proc/meminfo
nvidia 'name=NVIDIA GB10,pci=2e12:10de,cc=12.1,mem=3'
$VRAMFIT --model llama3.1-70b --quant q4 --ctx 32k --gpu auto --sysroot root
