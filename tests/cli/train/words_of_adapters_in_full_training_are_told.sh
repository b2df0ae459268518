for words in "--lora-rank 64" "--lora-targets q,v" "--base-dtype fp32" "--freeze experts" "--freeze towers" "--method lora --freeze output" "--trainer trl"; do
  echo "$words"
  "$VRAMFIT" train --model qwen3-0.6b --gpu rtx-4090 --seq-len 1k $words | grep -E "assumes|no use|could be frozen"
done
