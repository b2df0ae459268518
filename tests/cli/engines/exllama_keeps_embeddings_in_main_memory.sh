for kv in fp16 q8 q6 q4; do $VRAMFIT --model gemma3-27b --quant exl3-5.0bpw --engine exllama --gpu rtx-4090 --ctx 8192 --kv $kv | grep -E 'KV|unknown'; done
$VRAMFIT --model gemma3-27b --quant exl3-5.0bpw --engine exllama --gpu rtx-4090 --ctx 30720 --kv q6
