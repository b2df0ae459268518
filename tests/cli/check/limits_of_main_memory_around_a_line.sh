# What stays in main memory has to be within every limit around the engine; the least counts.
run="ghcr.io/ggml-org/llama.cpp:server-cuda -m qwen3-30b-a3b:q4_k_m -c 4096 --cpu-moe --no-mmap"
one() { printf '#!/bin/sh\n%s\n' "$*" >a.sh; echo "$*" | cut -c1-60; $VRAMFIT check a.sh --gpu l4 | grep -vE 'would fit|^[0-9]'; }
one "docker run --gpus all -m 4g $run"
one "podman run --device nvidia.com/gpu=all --memory=64g $run"
one "docker run --gpus all --memory-swap 4g -m4g $run"
one "docker run --gpus all -m 0 $run"
one "docker run --gpus all -m plenty $run"
one "srun --mem=4000 llama-server -m qwen3-30b-a3b:q4_k_m -c 4096 --cpu-moe"
one "srun --mem 64G llama-server -m qwen3-30b-a3b:q4_k_m -c 4096 --cpu-moe"
one "systemd-run -p MemoryMax=2G llama-server -m qwen3-30b-a3b:q4_k_m -c 4096 --cpu-moe"
one "srun --mem=64G docker run --gpus all -m 4g $run"
unit() { printf '[Service]\nMemoryMax=%s\nExecStart=/usr/bin/llama-server -m qwen3-30b-a3b:q4_k_m -c 4096 --cpu-moe\n' $1 >u.service
  echo "MemoryMax=$1"; $VRAMFIT check u.service --gpu l4 | grep -vE 'would fit|^[0-9]'; }
unit 2G
unit 64G
unit infinity
unit 50%
$VRAMFIT check u.service --gpu l4 --host-memory 8GiB | head -1
$VRAMFIT --gpu l4 -- docker run --gpus all -m 4g $run | head -1
$VRAMFIT --gpu l4 --host-memory 2GiB -- docker run --gpus all -m 64g $run | head -1
