t() { "$VRAMFIT" train --method full --offload optimizer,params "$@" | grep -E "^[A-Z]|needs|offloaded"; }
t --gpu gb10 --model llama3.1-70b
t --gpu rtx-4090 --model qwen3-8b --host-memory 16GiB
t --gpu rtx-4090 --model qwen3-8b --host-memory 64GiB
t --gpu rtx-4090 --model qwen3-8b --host-memory 128GiB
t --gpu rtx-4090 --model qwen3-8b
"$VRAMFIT" max micro-batch --model llama3.1-8b --gpu rtx-4090 --method full --offload optimizer,params --host-memory 16GiB
"$VRAMFIT" train --model gemma3-4b --gpu h200 --method full --seq-len 8k --checkpointing none --optimizer adamw-8bit --images 1 | grep -E "^[A-Z]|activations"
"$VRAMFIT" train --model gemma3-4b --gpu h200 --method full --seq-len 8k --checkpointing none --optimizer adamw-8bit --images 64 | grep -E "^[A-Z]|activations"
for strict in "" --strict; do
  "$VRAMFIT" train $strict --gpu h100 --quiet -- accelerate launch train.py --model_name_or_path Qwen/Qwen2.5-0.5B --foo 7
  echo "exit $?"
done
