for o in "" ctxx "ctx seqs" "ctx --ctx 1k,2k" "ngl --engine vllm --quant bf16" "n-cpu-moe" "ngl --gpu gb10" "gpus --gpu l4x2" "ctx --quant q99" "ctx --min-ctx 0"; do $VRAMFIT max $o --model qwen3-8b --gpu l4; echo $?; done
$VRAMFIT max gpus --engine trl --model qwen3-8b --gpu h100x2 --method lora; echo $?
$VRAMFIT max gpus --model llama3.1-70b --quant q4_k_m --ctx 8k --gpu rtx-4090x2; echo $?
$VRAMFIT max seq-len --network 12M --gpu l4; echo $?
$VRAMFIT max micro-batch --model qwen3-8b --gpu cpu --method lora; echo $?
$VRAMFIT max rank --model qwen3-8b --gpu h100 --method lora --optimizer nothing; echo $?
$VRAMFIT max gpus --model llama3.1-405b --gpu rtx-4060 --method full | head -3; echo $?
$VRAMFIT max micro-batch --model qwen3-0.6b --gpu l4,h100; echo "exit $?"
