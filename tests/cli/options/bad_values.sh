for v in "--ctx 0" "--ctx 32q" "--ctx -5" "--seqs 0" "--kv q9" "--memory 24G" "--headroom 200%" "--flash-attn maybe" "--split row" "--ngl x" "--tensor-split 1,,2" "--color red" "--unit MiB" "--format xml" "--engine foo" "--ubatch 9999999"; do
  "$VRAMFIT" --model llama3.1-8b --quant q4 --gpu h100 $v; echo "exit $?"
done
