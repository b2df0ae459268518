$VRAMFIT --model qwen3-8b --gpu rtx-4090 --sysroot /
