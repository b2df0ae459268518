for e in vllm vllm@0.19 sglang tensorrt-llm lmdeploy tgi; do
  for g in gtx-1080-ti v100 t4 rtx-3090; do
    echo "$e $g"
    $VRAMFIT --model qwen3-0.6b --engine $e --gpu $g --ctx 4k | grep -E "^[A-Z]|refuses" | sed 's/ in .*//'
  done
done
