a="--model llama3.1-8b --gpu h100 --json"
"$VRAMFIT" $a -q q4 --ctx 8192 --kv-k q8_0 --kv-v f16 --seqs 2 --ngl 20 --flash-attn on --ubatch 256 >ours
"$VRAMFIT" $a -q q4 -c 8k -ctk q8_0 -ctv f16 -np 2 -ngl 20 -fa on -ub 256 >theirs
"$VRAMFIT" $a --quant=q4 --max-model-len=8k --cache-type-k q8_0 --parallel 2 --n-gpu-layers 20 --flash-attn=on --ubatch-size 256 fit >long
cmp ours theirs && cmp ours long && echo equal
