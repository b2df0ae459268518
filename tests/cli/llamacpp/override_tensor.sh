weights() { "$VRAMFIT" --model qwen3-30b-a3b --quant q4 --ctx 8k --json "$@" | grep weights_bytes; }
weights --gpu rtx-4090 -ot 'exps=CPU'
weights --gpu rtx-4090 -ot 'blk\.(1|2)\d\.ffn_.*_exps=CPU'
weights --gpu rtx-4090x2 -ot 'blk\.[0-9]\.=CUDA1,output=CPU'
for bad in 'blk=CUDA3' 'b(lk=CPU' 'blk' '=CPU'; do "$VRAMFIT" --model qwen3-30b-a3b --quant q4 --gpu rtx-4090 -ot "$bad"; done
