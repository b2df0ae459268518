printf "# a comment\n--quant q4\n\n  --quant=q6_k -c 8k\n" >deployments
$VRAMFIT compare deployments --model qwen3-32b --gpu rtx-5090 --ctx 16k --format markdown
