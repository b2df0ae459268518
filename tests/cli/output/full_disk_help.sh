"$VRAMFIT" --help >/dev/full
