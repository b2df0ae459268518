# The last operation's buffer is what fit says of compute, on one device and for each of two.
for gpus in rtx-4090 rtx-4090x2; do
  line="qwen3-0.6b --quant q8_0 --ctx 4k --gpu $gpus"
  "$VRAMFIT" inspect $line --graph --format csv | awk -F, 'NR > 1 && $7 > m[$4] { m[$4] = $7 } END { print m[0] + 0, m[1] + 0 }'
  "$VRAMFIT" fit --model $line --json | awk -F'[ ,:]+' '/"compute_bytes"/ { print $3 }' | head -2
done
"$VRAMFIT" inspect qwen3-0.6b --quant q8_0 --ctx 4k --gpu rtx-4090 --graph | head -4
"$VRAMFIT" inspect qwen3-0.6b --gpu h100 --engine vllm --graph
