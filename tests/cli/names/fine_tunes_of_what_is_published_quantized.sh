"$VRAMFIT" --gpu rtx-4090 -- vllm serve someone/gpt-oss-20b-medical --max-model-len 8192 | grep -E "^[A-Z]|weights |--quant says"
"$VRAMFIT" --gpu rtx-4090 -- vllm serve openai/gpt-oss-20b --max-model-len 8192 | grep -E "^[A-Z]|weights "
"$VRAMFIT" --model someone/gpt-oss-20b-medical --engine vllm --quant mxfp4 --gpu rtx-4090 --ctx 8k | grep -E "^[A-Z]|weights "
"$VRAMFIT" --gpu rtx-4090 -- llama-server -hf someone/gpt-oss-20b-medical-GGUF -c 8192 | grep -E "^[A-Z]|weights "
