t() { "$VRAMFIT" train --gpu h200 --json "$@" >out.json; sed -n '/"request"/,/"gpu"/p' out.json | grep -E '"(objective|reference|teacher|reward_model|critic|rollout|rollout_sleep|freeze|train_layers|optimizer|optimizer_rank|step_in_backward|method|base_dtype|precision)"'; grep -A1 '"code": "option' out.json; echo; }
t -- trl grpo --model_name_or_path Qwen/Qwen3-4B --use_vllm true --vllm_mode colocate --vllm_gpu_memory_utilization 0.4 --vllm_enable_sleep_mode true --beta 0.04
t -- trl grpo --model_name_or_path Qwen/Qwen3-4B --use_peft --use_vllm --vllm_gpu_memory_utilization 0.4 --vllm_mode server --beta 0.0
t -- trl kto --model_name_or_path Qwen/Qwen3-4B --dtype bfloat16 --use_peft
t -- python orpo.py --model_name_or_path Qwen/Qwen3-4B --dtype auto --use_peft --optim lion_8bit
t -- python ppo.py --sft_model_path Qwen/Qwen3-4B --reward_model_path Qwen/Qwen3-0.6B
t -- python gkd.py --model_name_or_path Qwen/Qwen3-0.6B --teacher_model_name_or_path Qwen/Qwen3-4B
t -- python train.py --model_name_or_path Qwen/Qwen3-4B --optim galore_adamw_layerwise
cat > f.yaml <<'Y'
model_name_or_path: Qwen/Qwen2.5-VL-7B-Instruct
stage: dpo
pref_loss: orpo
finetuning_type: freeze
freeze_trainable_layers: 4
freeze_vision_tower: true
use_apollo: true
apollo_rank: 256
template: qwen2_vl
cutoff_len: 1024
Y
t --config f.yaml
cat > a.yaml <<'Y'
base_model: Qwen/Qwen3-4B
rl: kto
adapter: lora
sequence_len: 1024
micro_batch_size: 1
datasets: [{path: d}]
Y
t --config a.yaml
