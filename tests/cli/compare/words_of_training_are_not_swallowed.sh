"$VRAMFIT" compare "--method lora" "--method qlora" --model llama3.1-8b --gpu h100; echo "exit $?"
"$VRAMFIT" compare "--seq-len 4k" "--quant q8" --model llama3.1-8b --gpu h100; echo "exit $?"
printf 'vramfit: 1\ndeployments:\n  - {name: a, model: llama3.1-8b, method: full, gpu: rtx-4090}\n' > own.yaml
"$VRAMFIT" check own.yaml; echo "exit $?"
