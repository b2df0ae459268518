"$VRAMFIT" inspect
