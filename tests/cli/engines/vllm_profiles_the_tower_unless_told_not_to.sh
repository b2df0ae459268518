for words in '' '--skip-mm-profiling' "--limit-mm-per-prompt {\"image\":0,\"video\":0}" "--mm-processor-kwargs {\"max_pixels\":1000000}" '--language-model-only'; do
  $VRAMFIT --gpu h100 -- vllm serve qwen3.6-27b --max-num-seqs 64 --max-model-len 32768 $words | grep 'compute\|weights'
done
exit 0
