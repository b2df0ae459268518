for model in unsloth/Qwen3-8B-bnb-4bit mlx-community/Qwen3-8B-4bit mlx-community/Qwen3-8B-8bit Qwen/Qwen3-8B-AWQ Qwen/Qwen3-8B; do
  "$VRAMFIT" train --model $model --method lora --gpu h100 | grep weights
done
"$VRAMFIT" train --model qwen3-8b --quant nf4 --gpu h100 | grep weights
"$VRAMFIT" train --model qwen3-8b --method lora --quant nf4 --gpu h100 | grep weights
"$VRAMFIT" train --model qwen3-8b --method dora --quant nf4 --gpu h100
"$VRAMFIT" train --model qwen3-8b --method full --quant nf4 --gpu h100
