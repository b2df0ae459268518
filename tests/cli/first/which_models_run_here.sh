"$VRAMFIT" rtx-4060 | head -1
"$VRAMFIT" models --fits rtx-4060 --family gemma
"$VRAMFIT" --gpu rtx-4060 --host-memory 32GiB --format csv | head -4
"$VRAMFIT" models --fits rtx-4060 --ctx 32k --params 3B..4B --json | head -8
"$VRAMFIT" max model --gpu rtx-4060 --all | head -4
