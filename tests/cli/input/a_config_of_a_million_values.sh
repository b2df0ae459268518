# A tree of it would take a hundred times what the file does.
mkdir m
awk 'BEGIN { printf "{\"model_type\":\"llama\",\"x\":[1"; for (i = 0; i < 1000000; i++) printf ",1"; print "]}" }' >m/config.json
$VRAMFIT --model m --gpu rtx-4090 --ctx 4k
