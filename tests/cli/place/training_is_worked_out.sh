cat > box.json <<'J'
{"gpu": "gb10", "workloads": [
  {"name": "tetris", "network": "12M", "sample_memory": "9MB", "micro_batch": 512, "buffer": "4GB", "profiles": ["E"]},
  {"name": "tune", "model": "qwen3-0.6b", "method": "lora", "seq_len": "1k", "profiles": ["E", "F"]},
  {"name": "line", "command": "trl sft --model_name_or_path Qwen/Qwen3-0.6B --use_peft --max_length 512", "profiles": ["F"]},
  {"name": "cfg", "config": "f.yaml", "profiles": ["F"]}]}
J
printf 'model_name_or_path: Qwen/Qwen3-0.6B\nstage: sft\nfinetuning_type: lora\n' > f.yaml
"$VRAMFIT" place box.json --json | grep '"class"\|"what"\|"name"\|"compute"' | sed 's/^ *//'
printf '{"gpu": "gb10", "workloads": [{"name": "a", "network": "many"}]}' > bad.json
"$VRAMFIT" place bad.json; echo "exit $?"
printf '{"gpu": "gb10", "workloads": [{"name": "a", "model": "qwen3-0.6b", "method": "qlroa"}]}' > bad.json
"$VRAMFIT" place bad.json; echo "exit $?"
"$VRAMFIT" train --network 12M --model qwen3-0.6b --gpu l4; echo "exit $?"
"$VRAMFIT" train --network 12M --method lora --gpu l4; echo "exit $?"
