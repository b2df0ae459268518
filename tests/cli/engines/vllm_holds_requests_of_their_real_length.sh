$VRAMFIT --model llama3.1-70b --quant fp8 --engine vllm@0.27 --gpu h100x4 --tp 4 --ctx 32k --seqs 64 | sed -n '1p;/pool/p;/starts/p'
$VRAMFIT --model llama3.1-70b --quant fp8 --engine vllm@0.27 --gpu h100x4 --tp 4 --ctx 32k --seqs 64 --avg-ctx 6k | sed -n '1p;/pool/p;/starts/p'
$VRAMFIT --model llama3.1-70b --quant fp8 --engine vllm@0.27 --gpu h100x4 --tp 4 --ctx 32k --seqs 64 --avg-ctx 4k,12k | sed -n '1p;/pool/p;/starts/p'
$VRAMFIT --model llama3.1-8b --quant q4_k_m --gpu rtx-4090 --avg-ctx 6k
$VRAMFIT --model llama3.1-70b --quant fp8 --engine vllm --gpu h100x4 --avg-ctx 12k,4k
exit 0
