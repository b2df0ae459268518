# each with its key; what several devices share is one program over them
t() { printf '{"services":{%s}}' "$1" > c.json; "$VRAMFIT" place c.json --gpu rtx-4090x2 --quiet; echo "exit $?"; }
line='"image":"vllm/vllm-openai","command":["--model","Qwen/Qwen3-8B"'
t '"v":{'"$line"'],"gpus":[{"device_ids":["gpu0"]}]}'
t '"v":{'"$line"'],"gpus":[{"device_ids":[0]}]}'
t '"v":{'"$line"'],"gpus":[{"device_ids":["64"]}]}'
t '"v":{'"$line"'],"profiles":[1]}'
t '"v":{'"$line"',"--tokenizer"]}'
t '"v":{'"$line"',"--gpu-memory-utilization","7"]}'
t '"":{'"$line"']}'
t '"v":{"image":"nginx"}'
t '"o":{"image":"ollama/ollama","environment":{"OLLAMA_MAX_LOADED_MODELS":"some"},"x-vramfit":[{"model":"llama3.1:8b"}]}'
t '"o":{"image":"ollama/ollama","x-vramfit":[{"ctx":4096}]}'
t '"n":{"image":"nginx","gpus":[{"device_ids":["0","1"]}],"x-vramfit":{"size":"4GB"}}'
t '"v":{'"$line"',"-tp","2"],"gpus":[{"count":2}]}'
"$VRAMFIT" place c.json --gpu rtx-4090x2 | grep GPU
