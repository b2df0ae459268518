"$VRAMFIT" --model qwen3-0.6b --quant q8_0 --gpu rtx-4090 -ot exps=CPU -ot 'blk\.[0-9]\.ffn_up=CPU' | grep -e assumes -e compute
"$VRAMFIT" --model qwen3-0.6b --quant q8_0 --gpu rtx-4090 -ot '(a{99}){99}=CPU'
