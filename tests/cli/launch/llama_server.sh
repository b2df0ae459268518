for options in "--gpu rtx-3060-12gb --ctx 32k --kv q8_0" "--gpu rtx-4090x2 --ctx 8k --seqs 4 --tensor-split 3,1" \
  "--gpu rtx-3060-12gb --ctx 4k --ngl 20 --ubatch 256 --flash-attn on --host-memory 64GiB --cache-ram 0"; do
  "$VRAMFIT" --model llama3.1-8b --quant q4_k_m $options --launch | sed -n '/^  launch/,$p'
done
"$VRAMFIT" --model gpt-oss-120b --engine llama-server --gpu rtx-4090 --ctx 32k --cpu-moe --host-memory 96GiB --launch | sed -n '/^  launch/,$p'
