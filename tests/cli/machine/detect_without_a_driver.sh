. "$(dirname "$0")/root.inc"
root
mkdir -p root/sys/bus/pci/devices/0000:01:00.0
cd root/sys/bus/pci/devices/0000:01:00.0
echo 0x10de >vendor; echo 0x030000 >class; echo 0x2684 >device
cd "$OLDPWD"
$VRAMFIT detect --sysroot root
