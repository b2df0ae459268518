t() { "$VRAMFIT" "$@" 2>&1 | head -1; }
t fit llama3.1-8b rtx-4090 -c 4k -q q4
t fit --model llama3.1-8b h100 -c 4k -q q4
t max ctx llama3.1:8b a100 -q q4
t max ctx rtx-4060 qwen3-8b -q q4
t table qwen3-8b rtx-4060
t train qwen3-8b rtx-4090 --method qlora
t train qwen3-8b rtx-4090x4 --zero-stage 3
t train qwen3-8b rtx-4090x4 --zero 3
t max ctx qwen3-8b rtx-4090 --parallel 4 -q q4
t max micro-batch qwen3-8b rtx-4090x2 --parallel zero3 --method lora
for w in list ls search show man "completion bash"; do t $w; done
for e in unsloth trl deepspeed; do t qwen3-8b rtx-4090 --engine $e; done
for q in 4 4-bit 4bit int4 4.0bpw exl3-4.0; do t qwen3-8b rtx-4090 -q $q -c 4k; done
t qwen3-8b --gpu 4090,4090
# sizes and several GPUs as words
t 24GB
t llama3.1 24GB
t llama3.1 --memory 24GiB
t llama3.1 rtx-4060 rtx-3060
t rtx-4060 rtx-3060
