counted() { sed 's/[0-9]* of [0-9]* models/N of N models/'; }
"$VRAMFIT" rtx-4060 | head -1 | counted
"$VRAMFIT" rtx-4090 | grep -A2 -e '^  model'
"$VRAMFIT" models --fits rtx-4060 --family gemma | counted | grep -e run -e 'model ' -e gemma3-4b -e gemma2-2b
"$VRAMFIT" --gpu rtx-4060 --host-memory 32GiB --format csv | grep -e looked_at -e gpt-oss-20b | sed 's/^[0-9]*,/N,/'
"$VRAMFIT" models --fits rtx-4060 --ctx 32k --params 3B..4B --json | grep -A3 '"llama3.2-3b"'
"$VRAMFIT" max model --gpu rtx-4060 --all | head -1 | counted
"$VRAMFIT" --gpu h100 --quiet; echo "exit $?"
# what there is not runs nothing, and that is no answer
"$VRAMFIT" --gpu rtx-9999; echo "exit $?"
"$VRAMFIT" models --fits rtx-9999; echo "exit $?"
"$VRAMFIT" rtx-9999x2 --model qwen3-8b; echo "exit $?"
"$VRAMFIT" auto --sysroot . ; echo "exit $?"
"$VRAMFIT" cpu; echo "exit $?"
"$VRAMFIT" cpu --host-memory 32GiB | head -1 | counted
"$VRAMFIT" rtx-4060x2 | head -1 | counted
"$VRAMFIT" rtx-4060+rtx-3090 | head -1 | counted
for o in "--engine foo" "--quant q99" "--engine llama.cpp@b99" "--engine trl"; do "$VRAMFIT" rtx-4060 $o; echo "exit $?"; done
"$VRAMFIT" models --fits rtx-4060 --family nope; echo "exit $?"
"$VRAMFIT" models --fits rtx-4060 --params 900B.. | counted; echo "exit $?"
