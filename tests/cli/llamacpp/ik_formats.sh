# ik_llama.cpp's formats: as it has them, and nobody else.
"$VRAMFIT" --model qwen3-235b-a22b --quant iq3_k --engine ik_llama.cpp --gpu rtx-3090x6 -c 4096 --json | tr -d ' ' |
  grep -E '"(weights_bytes)"' | head -1
"$VRAMFIT" --model qwen3-8b --quant smol-iq4_ks --engine llama-server --gpu rtx-3090 -c 4096
"$VRAMFIT" --model qwen3-8b --quant iq5_ks_r4 --engine ik_llama.cpp --gpu rtx-3090 -c 4096 --kv q6_0 | grep -E 'weights  |KV'
"$VRAMFIT" --model qwen3-8b --quant q8_0 --engine llama.cpp --gpu rtx-3090 -c 4096 --kv q6_0
