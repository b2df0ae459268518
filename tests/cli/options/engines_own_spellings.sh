a="--model llama3.1-8b --gpu h100 --json"
json() { "$VRAMFIT" "$@" | sed '/"stated"/,/]/d;/"assumptions"/,$d'; }
json $a -q q4 --ctx 8192 --kv-k q8_0 --kv-v f16 --seqs 2 --ngl 20 --flash-attn on --ubatch 256 >ours
json $a -q q4 -c 16384 -ctk q8_0 -ctv f16 -np 2 -ngl 20 -fa on -ub 256 >theirs
json $a --quant=q4 --ctx-size=16384 --cache-type-k q8_0 --parallel 2 --n-gpu-layers 20 --flash-attn=on --ubatch-size 256 fit >long
cmp ours theirs && cmp ours long && echo equal
"$VRAMFIT" --model llama3.1-8b -q q4 --gpu h100 -c 32768 -np 4 --threads 8 --jinja | sed -n '1p;/assumes/,$p'
"$VRAMFIT" --model llama3.1-8b --engine vllm --gpu h100 --max-model-len 8k --attention-backend FLASHINFER --strict | sed -n '1p;/attention/p'
