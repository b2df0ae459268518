# A share that may be too small for what is asked is as doubtful in a box as it is alone.
line='vllm serve openai/gpt-oss-20b --max-lora-rank 64'
"$VRAMFIT" --gpu rtx-4090 -- $line | sed -n 1p
printf '{"gpu": "rtx-4090", "workloads": [{"name": "a", "command": "%s"}]}' "$line" >box.json
"$VRAMFIT" place box.json
