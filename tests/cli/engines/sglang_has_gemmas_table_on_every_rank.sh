$VRAMFIT gemma4-31b --quant awq --engine sglang@0.5.12 --gpu rtx-3090x2 --tp 2 --ctx 8192 --explain | grep -o "tables of tokens whole = [0-9,]* B" | head -1
$VRAMFIT gemma4-e4b --quant bf16 --engine sglang@0.5.12 --gpu rtx-3090x2 --tp 2 --ctx 8192 --explain | grep -o "tables of tokens whole = [0-9,]* B" | head -1
