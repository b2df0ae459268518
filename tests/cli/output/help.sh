"$VRAMFIT" --help
