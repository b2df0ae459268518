"$VRAMFIT" explain moe --json | head -n 6; "$VRAMFIT" explain KV_cache --color always | head -n 1
