m() { "$VRAMFIT" max "$@" | head -1 | sed 's/^[0-9,]* //'; }
m micro-batch --model llama3.1-8b --method qlora --gpu rtx-4090
m seq-len --model llama3.1-8b --method qlora --gpu rtx-4090 --engine unsloth
m gpus --model llama3.1-8b --method full --gpu h100
"$VRAMFIT" max rank --model llama3.1-8b --gpu h100; echo "exit $?"
"$VRAMFIT" max ctx --method lora --model llama3.1-8b --gpu h100; echo "exit $?"
"$VRAMFIT" max seq-len --model llama3.1-8b --gpu rtx-4090; echo "exit $?"
"$VRAMFIT" train --model llama3.1-8b --method qlora --gpu rtx-4090 --engine unsloth --parallel fsdp; echo "exit $?"
"$VRAMFIT" train --model llama3.1-8b --method qlora --gpu rtx-4090 --engine unslot; echo "exit $?"
