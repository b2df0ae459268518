. "$(dirname "$0")/root.inc"
root
mkdir -p root/proc/self root/sys/fs/cgroup
echo 0::/ >root/proc/self/cgroup
echo 8589934592 >root/sys/fs/cgroup/memory.max
echo 2147483648 >root/sys/fs/cgroup/memory.current
echo 'inactive_file 1073741824' >root/sys/fs/cgroup/memory.stat
nvidia 'name=NVIDIA GB10,pci=2e12:10de,cc=12.1,mem=3,procs=1,procmib=3850'
$VRAMFIT detect --sysroot root
