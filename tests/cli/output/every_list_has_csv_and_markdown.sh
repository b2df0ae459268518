for f in csv markdown; do
$VRAMFIT --model qwen3-8b --quant q4_k_m --ctx 8k --gpu l4 --format $f | head -1
$VRAMFIT max seqs --model qwen3-8b --quant q4_k_m --ctx 8k --gpu l4 --format $f | head -1
$VRAMFIT gpus l40 --format $f | cut -c-40
$VRAMFIT explain --format $f | head -3
$VRAMFIT inspect qwen3-8b --format $f; echo $?
done
$VRAMFIT compare "" "--quant q8_0" --model qwen3-8b --quant q4_k_m --ctx 8k --gpu l4 --format csv | cut -c-40
