try() { "$VRAMFIT" train --model qwen3-8b --gpu h100 --method lora --quiet "$@"; echo "exit $? $*"; }
try --attention flash_attention_2
try --optimizer adamw_bnb_8bit
try --optimizer paged_adamw_32bit
try --lora-targets q_proj,v_proj
try --precision bfloat16
try --method dpo
try --method sft
try --batch-size 2
try --rank 16
"$VRAMFIT" max micro-batch --model qwen3-8b --method lora --ctx 8k --gpu h100; echo "exit $?"
