# attention without a kernel keeps all scores; until 4.45 transformers computed the logits of the whole prompt
need() { "$VRAMFIT" "$@" --ctx 8k --json | grep -m1 '"need_high_bytes"' | tr -d ' ,'; }
need --gpu l4 --model qwen3-8b --engine transformers
need --gpu l4 --model qwen3-8b --engine transformers --flash-attn off
need --gpu h100 --model qwen3-8b --engine transformers@4.40
# ExLlamaV2 unpacks one layer of a cache in 4 bits
need --gpu h100 --model qwen3-8b --engine exllamav2@0.3.2 --quant exl2-4.0bpw
need --gpu h100 --model qwen3-8b --engine exllamav2@0.3.2 --quant exl2-4.0bpw --kv q4_0
# NCCL on Ampere; on ROCm vLLM may count a tied output twice
need --gpu dgx-a100 --model llama3.1-70b --engine vllm --tp 8
need --gpu mi300x --model gemma3-12b --engine vllm
# a latent cache has one row for both; builds before that kept them apart
for b in llama.cpp llama.cpp@b6000; do
  "$VRAMFIT" --gpu h100 --model deepseek-v2-lite-16b --quant q4_k_m --kv-k q8_0 --kv-v f16 --ctx 8k --engine $b --quiet; echo "exit $?"
done
# classes of letters in patterns: of words they are experts, a blank is in no name
for p in 'blk\.\d+\.ffn_\w+_exps=CPU' 'exps\s=CPU'; do need --gpu l4 --model qwen3-30b-a3b --quant q4_k_m -ot "$p"; done
"$VRAMFIT" --gpu cpu+l4 --model qwen3-8b --ctx 8k; echo "exit $?"
# 32 bits where the engine has none
for e in tgi lmdeploy vllm; do "$VRAMFIT" --gpu h100 --model qwen3-8b --engine $e --dtype float32 --ctx 4k | grep '^FITS\|^NO-FIT\|float32'; done
# before 0.21 on ROCm the output matrix is made and dropped, Gemma 4's for certain: 262,144 × 1,536 × 2 B
for v in 0.19 0.21; do
  "$VRAMFIT" --gpu mi300x --model gemma4-e2b --engine vllm@$v --ctx 8k --json | grep -m1 '"weights_bytes"' | tr -d ' ,'
  need --gpu mi300x --model qwen3-4b --engine vllm@$v
done
