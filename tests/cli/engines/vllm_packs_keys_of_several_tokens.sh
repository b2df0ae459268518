# 6.66 GiB for 30,000 tokens and a maximum of 13,528 in 5.44 GiB: logged by vLLM 0.22 (vllm#44376)
v4="$VRAMFIT deepseek-v4-flash --engine vllm@0.22 --gpu gh200-96gbx2 --tp 2 --ep 2 --gpu-memory-utilization 0.95 --max-num-batched-tokens 16384"
$v4 --ctx 30000 --explain | grep -E "^(NO-FIT|RISKY|FITS)|pool |kv_cache|weights:|activation:"
$v4 --ctx 13528 --explain | grep -E "kv_cache:"
$v4 --ctx 13529 --explain | grep -E "kv_cache:"
# from 0.28 on groups share a block as they come: a pool holds more, a start asks for the same
for e in 0.27 0.28; do $VRAMFIT deepseek-v4-flash --engine vllm@$e --gpu b200x8 --tp 8 --ep 8 --ctx 1M --max-num-batched-tokens 8192 | grep pool; done
$VRAMFIT deepseek-v4-flash --engine vllm@0.28 --gpu b200x8 --tp 8 --ep 8 --ctx 64k --spec-tokens 1 --explain | grep -E "kv_cache:|prediction_layer:"
# what is refused
$VRAMFIT deepseek-v4-flash --engine vllm@0.19 --gpu b200x8 --tp 8 --ctx 8k
$VRAMFIT deepseek-v4-flash --engine vllm --gpu b200x8 --tp 8 --ctx 8k --kv bf16
$VRAMFIT deepseek-v4-flash --engine vllm --gpu b200x8 --tp 8 --ctx 8k --block-size 64
$VRAMFIT deepseek-v4-flash --engine tgi --gpu b200x8 --tp 8 --ctx 8k
