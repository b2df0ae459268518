"$VRAMFIT" --model gpt-oss-120b --gpu ryzen-ai-max-395-128gb --ctx 64k | grep -o -e '^NO-FIT' -e 'would fit  --n-cpu-moe'
"$VRAMFIT" gpt-oss-120b ryzen-ai-max-395-128gb | grep -o -e '^FITS in 4 bits, with experts in main memory'
"$VRAMFIT" max ngl --model llama3.1-70b --quant q4_k_m --ctx 8k --gpu gb10
