# A mix has a spread for every class of tensors: what is on the GPU with the experts on the host is mostly attention.
"$VRAMFIT" --model glm5.2 --quant ud-q5_k_xl --engine llama-server --gpu rtx-pro-6000-blackwell-maxqx4 -c 8192 --n-cpu-moe 54 \
  --tensor-split 54,9,8,8 -np 1 --json | tr -d ' ' | grep -A8 '"name":"weights"' | grep -E 'low_bytes|high_bytes' | head -2
# A recipe's name does not say by which build a file was made, or with an importance matrix.
"$VRAMFIT" --model glm4-0414-32b --quant iq4_xs --gpu rtx-3090 -c 4096 | grep weights
"$VRAMFIT" --model glm4-0414-32b --quant iq4_xs+imatrix --gpu rtx-3090 -c 4096 | grep weights
"$VRAMFIT" --model phi4-14b --quant q4_k_m --gpu rtx-3090 -c 4096 | grep weights
# Rows of matrices were split over GPUs by builds until July 2026.
"$VRAMFIT" --model qwen3-32b --quant q5_k_m --engine llama.cpp@b9000 --gpu t4x2 -c 8192 --split row | grep t4
