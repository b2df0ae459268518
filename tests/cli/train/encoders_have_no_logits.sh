"$VRAMFIT" train --model bge-m3 --method full --seq-len 8192 --gpu rtx-4090 | grep -E "^[A-Z]|logits|pairs"
"$VRAMFIT" train --model bge-m3 --method full --objective sft --seq-len 8192 --gpu rtx-4090 | grep -E "^[A-Z]|logits"
