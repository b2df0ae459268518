# Experts in main memory, all or but for some of each layer.
$VRAMFIT --model deepseek-v3-671b --engine ktransformers --gpu rtx-5090 --ctx 8k --host-memory 1TiB
$VRAMFIT --gpu rtx-4090x2 -- python -m sglang.launch_server --model-path Qwen/Qwen3-235B-A22B --kt-weight-path /x --kt-num-gpu-experts 4 --tp 2 --context-length 8192 | grep -E 'rtx|host'
