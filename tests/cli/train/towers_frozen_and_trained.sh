t() { "$VRAMFIT" train --model qwen2.5-vl-7b --gpu h200 "$@" | sed -n '1p;/activations/p;/assumes/,$p'; }
t
t --images 2 --freeze towers
t --images 2 --freeze language
t --images 1 --method qlora --loss fused
t --freeze embeddings,output --train-layers 4 --loss fused
