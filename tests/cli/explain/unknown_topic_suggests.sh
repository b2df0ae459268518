"$VRAMFIT" explain kv-cahce
