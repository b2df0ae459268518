"$VRAMFIT" --version | head -n 1
