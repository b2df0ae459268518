"$VRAMFIT" gpus --memory 64GB..96GB --vendor amd
