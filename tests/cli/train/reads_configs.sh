cat > a.yaml <<'Y'
base_model: meta-llama/Llama-3.1-8B
adapter: qlora
load_in_4bit: true
sequence_len: 4096
micro_batch_size: 2
gradient_accumulation_steps: 4
optimizer: paged_adamw_8bit
lora_r: 32
lora_target_linear: true
gradient_checkpointing: true
flash_attention: true
bf16: auto
deepspeed: ds.json
datasets:
  - path: tatsu-lab/alpaca
    type: alpaca
lora_modules_to_save: [embed_tokens]
frobnicate: 7
Y
cat > ds.json <<'J'
{"zero_optimization": {"stage": 2, "offload_optimizer": {"device": "cpu"}, "reduce_bucket_size": 5e8}, "bf16": {"enabled": true}}
J
cat > f.yaml <<'Y'
model_name_or_path: Qwen/Qwen3-4B
stage: sft
finetuning_type: full
cutoff_len: 2_048
per_device_train_batch_size: 1
pure_bf16: true
Y
cat > t.yaml <<'Y'
model:
  _component_: torchtune.models.qwen3.lora_qwen3_0_6b_instruct
  lora_attn_modules: ['q_proj', 'v_proj']
  apply_lora_to_mlp: True
  lora_rank: 8
tokenizer: {max_seq_len: null}
batch_size: 2
optimizer: {_component_: torch.optim.AdamW, fused: True}
enable_activation_checkpointing: True
dtype: bf16
Y
cat > x.yaml <<'Y'
steps: 3
Y
printf 'base_model: m\nsequence_len: many\n' > bad.yaml
printf 'base_model: [m\n' > cut.yaml
t() { "$VRAMFIT" train --json "$@" | sed -n '/"request"/,/"gpu"/p; /"code": "option/,/text/p'; }
t --config a.yaml --gpu h100x2
t --config f.yaml --gpu h100 --micro-batch 4
t --config t.yaml --gpu rtx-4090
t --gpu h100 -- accelerate launch --num_processes 2 -m axolotl.cli.train a.yaml --micro_batch_size 1
for f in x.yaml bad.yaml cut.yaml no.yaml; do "$VRAMFIT" train --config $f --gpu h100; echo "exit $?"; done
"$VRAMFIT" train --config ds.json --gpu h100; echo "exit $?"
"$VRAMFIT" check a.yaml f.yaml ds.json --gpu rtx-4090 | grep -v 'fit:\|risky:'; echo "exit $?"
