"$VRAMFIT" explain
