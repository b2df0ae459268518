# an engine's line sees the GPUs that CUDA_VISIBLE_DEVICES names
. "$(dirname "$0")/root.inc"
root
nvidia "$RTX_4090;name=NVIDIA H200,pci=2335:10de,cc=9.0,total=143771,reserved=616,used=5000"
line() { "$VRAMFIT" --gpu auto --sysroot root -- env CUDA_VISIBLE_DEVICES=$1 vllm serve Qwen/Qwen3-4B-AWQ --max-model-len 8192 | sed -n '1p; /engine sees/p'; }
line 1
line 0,1
line 2
