# two ranks on one GPU are refused, whoever says that there is one; a kind of GPU has as many as the ranks
printf 'vllm serve Qwen/Qwen3-8B --max-model-len 4096 -tp 2\n' > tp.sh
for gpu in l4 l4x1 g6.xlarge l4x8 "l4+l4"; do "$VRAMFIT" check tp.sh --gpu "$gpu"; done
"$VRAMFIT" check tp.sh --gpu l4 --gpus 1
# a manifest gives it fewer than --gpu names, or more
cat > own.yaml <<'Y'
vramfit: 1
deployments:
  - {name: all-of-a-machine, gpu: dgx-h100, engine: sglang, model: glm-4.5-air, quant: bf16}
  - {name: one-of-a-kind, gpu: l4, gpus: 1, command: vllm serve Qwen/Qwen3-8B --max-model-len 4096 -tp 2}
  - {name: more-than-there-are, gpu: g6.xlarge, gpus: 2, command: llama-server -m qwen3-8b -c 4096}
  - {name: some-of-a-machine, gpu: g6.12xlarge, gpus: 2, command: llama-server -m qwen3-8b -c 4096}
  - {name: the-smaller-one, gpu: rtx-4090+rtx-3060-12gb, gpus: 1, command: llama-server -m qwen3-32b -c 4096}
  - {name: far-too-many, gpu: l4, gpus: 200, command: llama-server -m qwen3-8b -c 4096}
Y
"$VRAMFIT" check own.yaml
# CUDA: one that stands there twice leaves none, the list ends at what is no number, nothing is none
for list in 0,1 0,0 0,-1,1 "" GPU-a,GPU-b GPU-a,GPU-a; do
  printf 'env CUDA_VISIBLE_DEVICES=%s vllm serve Qwen/Qwen3-8B --max-model-len 4096 -tp 2\n' "$list" > visible.sh
  "$VRAMFIT" check visible.sh --gpu l4
done
"$VRAMFIT" --gpu l4x2 -- env CUDA_VISIBLE_DEVICES=0,0 vllm serve Qwen/Qwen3-8B -tp 2; echo "exit $?"
"$VRAMFIT" --gpu l4 --gpus 200 --model qwen3-8b; echo "exit $?"
