"$VRAMFIT" train --model qwen3-8b --precision mixed --parallel fsdp --seq-len 8k --gpu h100x8 --json
