for o in adamw adamw-fused adamw-8bit adamw-4bit adamw-paged adamw-paged-8bit sgd momentum adafactor lion lion-8bit muon galore galore-8bit apollo apollo-mini soap shampoo; do
  echo "$o: $("$VRAMFIT" train --model llama3.1-8b --gpu b200 --step-in-backward --optimizer $o --explain | sed -n 's/^  optimizer: //p')"
done
"$VRAMFIT" train --model llama3.1-8b --gpu b200 --ema fp32 --optimizer galore --optimizer-rank 512 --explain | sed -n '/^  optimizer: /p'
