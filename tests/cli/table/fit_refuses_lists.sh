for o in "--quant q4,q8" "--ctx 8k,16k" "--seqs any" "--kv any" "--gpu l4,h100" "--gpus 1,2" "--engine any"; do $VRAMFIT --model qwen3-8b --gpu l4 $o; done
