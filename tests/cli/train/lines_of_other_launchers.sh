# a variable says how many processes; modules that are the programs themselves; files that are none
printf 'model_name_or_path: Qwen/Qwen3-8B\nstage: sft\nfinetuning_type: lora\n' > f.yaml
printf -- '- a\n' > list.yaml
printf 'a: b\0\n' > nul.yaml
train() { "$VRAMFIT" train --gpu l4 -- "$@" | head -1; }
train env NPROC_PER_NODE=4 llamafactory-cli train f.yaml
train llamafactory-cli train f.yaml strange words
train python -m accelerate.commands.launch --num_processes 4 train.py --model_name_or_path Qwen/Qwen3-8B --use_peft
train mlx_lm lora --model Qwen/Qwen3-8B --train
train tune run lora_finetune_single_device --config llama3_1/8B_lora
train llamafactory-cli train list.yaml
train llamafactory-cli train nul.yaml
