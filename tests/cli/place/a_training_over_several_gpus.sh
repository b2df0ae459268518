cat > two.json <<'J'
{"gpu": ["h100", "h100"], "workloads": [{"name": "tuning", "model": "llama3.1-8b", "method": "full", "parallel": "zero3", "gpus": 2}]}
J
"$VRAMFIT" place two.json | sed -n 1,4p
"$VRAMFIT" train --gpu h100x2 --model llama3.1-8b --method full --parallel zero3 | grep -E "^[A-Z]|needs"
sed 's/"gpus": 2/"gpus": 3/' two.json > three.json
"$VRAMFIT" place three.json
cat > line.json <<'J'
{"gpu": ["h100", "h100", "h100"], "workloads": [{"name": "tuning", "gpu": [1, 2],
  "command": "accelerate launch --num_processes 2 --use_fsdp train.py --model_name_or_path meta-llama/Llama-3.1-8B --use_peft --bf16"}]}
J
"$VRAMFIT" place line.json | sed -n 1,6p
