# A name sold in two sizes takes the smaller and says so; a count before the name; no bare number, nothing near.
"$VRAMFIT" --model llama3.2-1b --quant q4 --ctx 4k --gpu "NVIDIA GeForce RTX 4060 Ti"
"$VRAMFIT" --model llama3.2-1b --quant q4 --ctx 4k --gpu "2x RTX 4090"
for gpu in 24 VR200 MI400 "RTX 3095 Ti" "RTX 4090 48GB" rtx-4900 h10O; do
  "$VRAMFIT" --model llama3.2-1b --quant q4 --gpu "$gpu"
  echo "exit $?"
done
