for q in fp8 nvfp4; do $VRAMFIT --model llama3.1-8b --quant $q --engine vllm@0.26 --gpu a100-80gb --ctx 8k | grep "this GPU"; done
