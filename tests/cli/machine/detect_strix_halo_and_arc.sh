. "$(dirname "$0")/root.inc"
root
card=root/sys/class/drm/card0/device
mkdir -p $card root/sys/class/drm/card0-HDMI-A-1 root/sys/class/drm/card1/device/tile0
echo 0x1002 >$card/vendor; echo 0x1586 >$card/device
echo 536870912 >$card/mem_info_vram_total; echo 104857600 >$card/mem_info_vram_used
echo 33285996544 >$card/mem_info_gtt_total; echo 0 >$card/mem_info_gtt_used
card=root/sys/class/drm/card1/device
echo 0x8086 >$card/vendor; echo 0xe20b >$card/device; echo 0x2f8000000 >$card/tile0/physical_vram_size_bytes
$VRAMFIT detect --sysroot root
