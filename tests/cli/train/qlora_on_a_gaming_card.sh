"$VRAMFIT" train --model llama3.1-8b --method qlora --seq-len 4096 --micro-batch 2 --gpu rtx-4090
"$VRAMFIT" train --model llama3.1-8b --method qlora --seq-len 4096 --micro-batch 2 --gpu rtx-4090 --loss fused --explain
