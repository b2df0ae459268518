$VRAMFIT --model qwen3-4b --gpu l4 --ctx 4k --engine vllm --block-size 3; echo $?
for n in 1 8 16 32 528; do $VRAMFIT --model qwen3-4b --gpu l4 --ctx 4k --engine vllm --block-size $n | head -1 | cut -c1-6; done
