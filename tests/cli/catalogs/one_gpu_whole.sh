"$VRAMFIT" gpus gb10
