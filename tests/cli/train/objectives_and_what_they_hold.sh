t() { "$VRAMFIT" train --model llama3.1-8b --gpu h200 --explain "$@" | sed -n 's/^  \(weights\|optimizer\|logits\|rollout\): /\1: /p'; }
for o in dpo orpo kto ppo reward embedding; do echo "== $o"; t --objective $o --optimizer adamw-fused; done
echo "== distill"; t --objective distill --teacher qwen2.5-14b --method lora
echo "== grpo"; t --objective grpo --method lora --rollout 0.3
