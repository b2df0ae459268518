$VRAMFIT table --model llama3.1-70b --engine vllm@0.19 --quant fp8 --ctx 8k --gpu l4,h100 --gpus 1,2,3,4,8
