for version in b1 v9 1.0 latest b2774; do
  "$VRAMFIT" --model llama3.1-8b --gpu rtx-4090 --engine "llama-server@$version"
  echo "exit $?"
done
"$VRAMFIT" --model llama3.1-8b --gpu rtx-4090 --engine llama.cpp@b4798 --cpu-moe
"$VRAMFIT" --model llama3.1-8b --quant q4 --ctx 8k --gpu rtx-4090 --engine llama.cpp@b11300 | grep -A1 assumes
"$VRAMFIT" --model llama3.1-8b --quant q4 --ctx 8k --gpu rtx-4090 --engine llama.cpp@b7000 | grep -e compute -e assumes
