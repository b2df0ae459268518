for a in "llama3.1-70b --gpu rtx-4090" "llama3.1-8b --gpu rtx-4090" "llama3.1-8b --ctx 32k --gpu rtx-3060-12gb" "qwen3-30b-a3b --ctx 32k --gpu rtx-3060-12gb"; do
  "$VRAMFIT" --fit --quant q4 --model $a | grep -e ' context, in' -e '--fit takes'
done
"$VRAMFIT" --fit --quant q4 --model llama3.1-8b --gpu rtx-4090 --ngl 10
