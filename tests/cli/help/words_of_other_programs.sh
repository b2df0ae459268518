for o in "--vram 24" "--context 8k" "--num-ctx 8k" "--max-seq-len 8k" "--precision fp16" "--bits 4" "--batch 8" "--users 4" "-model x"; do
  "$VRAMFIT" --model llama3.1-8b -q q4 --gpu rtx-4090 $o; echo "exit $?"
done
for o in "--context-length 8k" "--quantization fp8" "-b 4096" "-t 8" "-fa"; do
  "$VRAMFIT" --model llama3.1-8b -c 8k --gpu rtx-4090 $o --quiet; echo "exit $?"
done
"$VRAMFIT" -m rtx-4090 -g llama3.1-8b; echo "exit $?"
"$VRAMFIT" --model flux.1-dev --gpu rtx-4090; echo "exit $?"
for t in kv tight prompt-cache vram decode gb; do "$VRAMFIT" explain $t | head -1; done
"$VRAMFIT" max concurrency --model llama3.1-8b --gpu rtx-4090 -c 8k | head -1
