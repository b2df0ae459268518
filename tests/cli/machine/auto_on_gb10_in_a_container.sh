. "$(dirname "$0")/root.inc"
root
mkdir -p root/proc/self root/sys/fs/cgroup
echo 0::/ >root/proc/self/cgroup
echo 8589934592 >root/sys/fs/cgroup/memory.max
nvidia 'name=NVIDIA GB10,pci=2e12:10de,cc=12.1,mem=3'
$VRAMFIT --model qwen3-8b --quant q8_0 --ctx 16k --gpu auto --sysroot root
