# --backend: the maker's own, or vulkan; else it is told
fit() { "$VRAMFIT" --model qwen3-8b --quant q4_k_m --ctx 8k "$@" --quiet; echo "exit $?"; }
need() { "$VRAMFIT" --model qwen3-8b --quant q4_k_m --ctx 8k "$@" --json | grep -m1 '"need_bytes"'; }
need --gpu rx-7900-xtx
need --gpu rx-7900-xtx --backend rocm
need --gpu rx-7900-xtx --backend vulkan
for b in metal nonsense; do fit --gpu rx-7900-xtx --backend $b; done
fit --gpu apple-m2-8gb --backend vulkan
# how many GPUs is said once, and a program sees those that it may
fit --gpu rtx-4090x2 --gpus 2
"$VRAMFIT" train --model qwen3-8b --gpu rtx-4090x2 --gpus 4; echo "exit $?"
for g in "--gpu l4x4" "--gpu l4 --gpus 4"; do
  "$VRAMFIT" $g -- env CUDA_VISIBLE_DEVICES=0,1 llama-server -m qwen3-8b -c 8192 | grep -o 'on L4, 24 GB × [0-9]'
done
# values where none is taken, names that are none
fit --gpu l4 --total=yes
mkdir two
: > two/a.gguf
: > two/b.gguf
"$VRAMFIT" --model two --gpu l4; echo "exit $?"
# layers and flash attention of Ollama stand in the Modelfile and the environment
"$VRAMFIT" --model qwen3-14b --quant q4_k_m --gpu rtx-4060 --engine ollama --ngl 20 --ctx 8k --flash-attn on --launch | grep 'num_gpu\|OLLAMA_'
# a name of a GPU may have a comma
"$VRAMFIT" table --model qwen3-0.6b --quant q4_k_m --ctx 4k --gpu "Apple M2, 8 GB,l4" | grep '✓ *[+0-9]\|M2\|l4'
