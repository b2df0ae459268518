for e in vllm vllm@0.13.0 sglang tgi; do
  for m in Qwen/Qwen3-8B-AWQ Qwen/Qwen3-8B-FP8 RedHatAI/Qwen3-8B-quantized.w4a16; do
    echo "$e $m"
    $VRAMFIT --model $m --engine $e --gpu t4 --ctx 4k 2>&1 | grep -E "^[A-Z]|^vramfit|kernels|arithmetic" | sed 's/ in .*, 16 GB.*//'
  done
done
