# newer: answered by the newest rules, and told; older than the oldest: refused
for e in llama.cpp@b99999 ollama@9.9 vllm@0.40 sglang@0.6 tensorrt-llm@1.9 tgi@9 lmdeploy@0.20 transformers@7 exllama@9; do
  q=; [ $e = exllama@9 ] && q="--quant exl3-4.0bpw"
  echo "$e: $($VRAMFIT --model qwen3-8b --engine $e $q --gpu h100 --ctx 8k | grep -c 'the rules of that engine version are not known')"
done
$VRAMFIT --model qwen3-8b --engine mlx@0.50 --quant mlx-4bit --gpu m4-max-64gb --ctx 8k | grep 'not known'
for e in vllm@0.1 sglang@0.1 llama.cpp@b1; do $VRAMFIT --model qwen3-8b --engine $e --gpu h100 --ctx 8k; done
# drafts of other models, and what ik_llama.cpp writes behind a word
$VRAMFIT --gpu rtx-4090 -- llama-server -hf unsloth/Qwen3-8B-GGUF:Q4_K_M -c 8192 --spec-type draft-eagle3 | grep 'another model'
$VRAMFIT --engine ik_llama.cpp --gpu rtx-4090 -- llama-server -hf unsloth/DeepSeek-V2-Lite-GGUF:Q4_K_M -c 8192 -ngl 99 -ctk q8_0 -wgt 1 --spec-type mtp:n_max=2 | grep -E 'FITS|predicts|-wgt'
