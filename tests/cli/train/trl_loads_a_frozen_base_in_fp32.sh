t() { "$VRAMFIT" train --model llama3.1-8b --engine trl --gpu rtx-4090 --explain "$@" | sed -n '1p;/would/,/assumes/p;/^  weights:/p'; }
t --method lora
t --method lora --base-dtype bf16 --micro-batch 2
t --method lora --precision bf16 --micro-batch 2
t --method qlora --micro-batch 1
