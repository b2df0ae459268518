$VRAMFIT inspect qwen3-8b --model qwen3-4b; echo $?
$VRAMFIT inspect qwen3-8b --model qwen3-4b --gpu l4 --graph; echo $?
