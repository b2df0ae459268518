$VRAMFIT --model deepseek-v3-671b --engine sglang --gpu h200x8 --tp 8 --dp 8 --deepep --ctx 16k --explain | grep 'h200-sxm-141gb, '
