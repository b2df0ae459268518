# the builds before which a rule of llama.cpp's held, and from which it holds no more (src/engines/ggml/rules.def)
at() { # MODEL PART BUILD BUILD OPTIONS: the part of the GPU, in bytes
  model=$1 part=$2
  printf '%s %s' "$model" "$part"
  for b in $3 $4; do
    printf ', b%s %s' $b "$("$VRAMFIT" --gpu h100 --model $model --quant q4_k_m --ctx 8k --engine llama.cpp@b$b $5 $6 --json |
      sed -n "s/^      \"${part}_bytes\": \([0-9]*\),/\1/p" | head -1)"
  done
  echo
}
at deepseek-v2-lite-16b kv_cache 5136 5137 # 27 layers × 8,192 × 16 heads × (192 + 128) × 2 B; then × (576 + 512) × 2 B
at deepseek-v2-lite-16b kv_cache 7831 7832 # no values beside the latent rows: × 576 × 2 B
at gemma3-12b kv_cache 5553 5554 --batch-size 4096 # windows of 1,024 with a batch beside them, and with a micro-batch
at mamba-2.8b weights 5011 5012            # 64 layers × (16 + 4) × 5,120 × 4 B of what it scans with, on the host before
at lfm2-1.2b weights 7433 7434             # a norm of 2,048 × 4 B
at phi4 compute 5836 5837 # 512 × 12,800 × 4 B of queries, keys and values that are copied apart
# what the CPU finds out of the blocks may need no copy: the lower end
for b in 10188 10189; do
  "$VRAMFIT" --gpu h100x8 --model minimax-m3 --quant q4_k_m --ctx 8k --engine llama.cpp@b$b --json | sed -n "s/^      \"need_low_bytes\": \([0-9]*\),/minimax-m3 b$b at least \1/p" | head -1
done
# llama-server's slots: one, and from b7433 on four
for b in 7432 7433; do "$VRAMFIT" --gpu l4 --model qwen3-8b --quant q4_k_m --ctx 8k --engine llama-server@b$b | grep 'slot'; done
