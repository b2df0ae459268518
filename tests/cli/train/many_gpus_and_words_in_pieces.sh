t="train --model qwen3-0.6b --parallel fsdp --seq-len 1k"
"$VRAMFIT" $t --gpu h100x512 --precision mixed | sed -n '1p;/weights/p'
"$VRAMFIT" $t --gpu h100x9999999; echo "exit $?"
"$VRAMFIT" --model qwen3-0.6b --gpu h100x512; echo "exit $?"
"$VRAMFIT" $t --gpu h100x2 --offload params --offload activations --json | grep host_bytes
"$VRAMFIT" $t --gpu h100x2 --offload params,activations --json | grep host_bytes
"$VRAMFIT" $t --gpu h100x2 --offload params --offload params,params,params,params,params,params,params,params,params; echo "exit $?"
