$VRAMFIT --gpu a100-80gb -- lmdeploy serve api_server Qwen/Qwen3-8B --session-len 32768 --quant-policy 8 --cache-max-entry-count 0.5
$VRAMFIT --model qwen3-8b --engine lmdeploy --gpu a100-80gb --ctx 32k --explain | grep '^  a100'
$VRAMFIT --model qwen3-8b --engine lmdeploy@0.2.1 --gpu a100-80gb
