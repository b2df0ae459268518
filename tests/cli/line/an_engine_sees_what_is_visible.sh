for line in "CUDA_VISIBLE_DEVICES=0,1 vllm serve Qwen/Qwen3-8B -tp 2" "docker run --gpus all -e CUDA_VISIBLE_DEVICES=3 vllm/vllm-openai --model Qwen/Qwen3-8B"; do
$VRAMFIT --gpu h100x8 --json -- $line | grep -A1 '"visible-devices"\|"index": [1-9]' | tr -d ' '; done
CUDA_VISIBLE_DEVICES=0 $VRAMFIT --gpu h100x8 --quiet -- vllm serve Qwen/Qwen3-8B -tp 2; echo $?
$VRAMFIT --gpu h100x2 --quiet -- podman run --device nvidia.com/gpu=all img bash -lc 'export A=b; exec vllm serve Qwen/Qwen3-8B -tp 2 --max-model-len $LEN'; echo $?
