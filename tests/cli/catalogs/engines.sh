"$VRAMFIT" engines
