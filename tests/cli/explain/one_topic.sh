"$VRAMFIT" explain moe
