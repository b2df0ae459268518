"$VRAMFIT" train --model llama3.1-8b --gpu cpu --host-memory 8GiB --method full | sed -n 1p
"$VRAMFIT" train --model llama3.1-8b --gpu cpu --host-memory 8GiB --method full --quiet; echo "exit $?"
"$VRAMFIT" train --model llama3.1-8b --gpu cpu --host-memory 256GiB --method full --quiet; echo "exit $?"
"$VRAMFIT" train --model llama3.1-8b --gpu cpu; echo "exit $?"
