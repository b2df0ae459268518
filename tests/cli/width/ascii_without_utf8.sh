LC_ALL=C "$VRAMFIT" llama3.1-8b rtx-4060 --quant q4 -c 8k
for c in "llama3.1-8b rtx-4060" "rtx-4060" "llama3.1-8b rtx-4090x2 -q bf16 -c 8k --explain" "gpus 4090" "models qwen3" "explain moe" "table --model qwen3-8b --gpu rtx-4060 --quant q4,q8 --ctx 8k,64k" "max ctx --model qwen3-8b -q q4 --gpu rtx-4060"; do
  LC_ALL=C "$VRAMFIT" $c | LC_ALL=C grep -c '[^ -~]' | sed "s/^/$(echo "$c" | cut -d' ' -f1-3) /" | grep -v ' 0$'
done
