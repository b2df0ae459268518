4#!/bin/sh
set -e
# pkill llama-server starts none
pkill llama-server || true
ARGS="--max-model-len 8192"
LIST=(--quantization fp8)
LIST+=(--gpu-memory-utilization 0.9)
exec vllm serve Qwen/Qwen3-8B $ARGS "${LIST[@]}" >/var/log/vllm 2>&1
