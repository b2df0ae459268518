t="train --model llama3.1-8b --gpu h100 --quiet"
LC_ALL=C "$VRAMFIT" $t --method qlora --plot -; echo "exit $?"
LC_ALL=C.UTF-8 "$VRAMFIT" $t --loss fused --plot -; echo "exit $?"
"$VRAMFIT" $t --plot step.svg; grep -o '>\(peak\|capacity\|the device holds\|forward\|backward\|step\) *[0-9.]* *[GiB]*<' step.svg
"$VRAMFIT" train --network 12M --sample-memory 9MB --micro-batch 64 --gpu rtx-4070 --quiet --plot - | head -4
"$VRAMFIT" $t --plot step.png; echo "exit $?"
"$VRAMFIT" train --model llama3.1-8b --gpu h100 --json --plot - >/dev/null; echo "exit $?"
