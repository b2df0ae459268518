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
cat > t.yaml <<'Y'
model:
  _component_: torchtune.models.qwen3.lora_qwen3_0_6b_instruct
  lora_rank: 8
tokenizer: {_component_: torchtune.models.qwen3.qwen3_tokenizer}
optimizer: {_component_: torch.optim.AdamW, fused: True}
batch_size: 2
Y
train tune run lora_finetune_single_device --config ./t.yaml
# a file that is not there, and more options than are told
printf 'distributed_type: DEEPSPEED\ndeepspeed_config: {deepspeed_config_file: missing.json}\nnum_processes: 2\n' > a.yaml
"$VRAMFIT" train --gpu l4 -- accelerate launch --config_file a.yaml train.py --model_name_or_path Qwen/Qwen3-0.6B | grep missing
for i in $(seq 80); do echo "some_option_$i: true"; done >> f.yaml
"$VRAMFIT" train --gpu l4 -- llamafactory-cli train f.yaml | sed -n '/some_option_4[67]/p; /more options/p'
sed -i 's/qwen3.lora_qwen3_0_6b_instruct/llama3_1.qlora_llama3_1_8b/' t.yaml
"$VRAMFIT" train --gpu l4 --seq-len 2k -- tune run lora_finetune_single_device --config ./t.yaml | grep "^FITS\|weights"
train torchrun --nnodes 4096 --nproc_per_node 4096 pretrain_gpt.py --num-layers 12 --hidden-size 768 --num-attention-heads 12 --seq-length 1024 --micro-batch-size 1
