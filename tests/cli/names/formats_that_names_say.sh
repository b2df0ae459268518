# Formats that a name says beside or against the model's own: wider than it was published, two of them, of what is cached.
says() { printf '%s: ' "$1" && "$VRAMFIT" --model "$@" --ctx 4k | sed -n '1{s/^[A-Z-]* *//;s/ [^ ]* GPU.*//;s/, .*//;h;};/^  weights/{s/  */ /g;H;x;s/\n/,/;p;}'; }
echo '== wider than it was published'
says unsloth/gpt-oss-120b-BF16 --engine vllm --gpu b300
says lmsys/gpt-oss-120b-bf16 --engine sglang --gpu b300
says unsloth/gpt-oss-20b-BF16 --engine vllm --gpu b300
says gpt-oss-20b-bf16 --engine llama.cpp --gpu b300
says unsloth/Kimi-K2-Thinking-BF16 --engine vllm --gpu b300
says unsloth/DeepSeek-V3-bf16 --engine vllm --gpu b300
says deepseek-ai/DeepSeek-V4-Flash-FP8 --engine vllm --gpu b300
echo '== files keep the experts as they were published'
says unsloth/gpt-oss-20b-GGUF:F16 --gpu rtx-4090
says gpt-oss-20b-F16.gguf --gpu rtx-4090
says unsloth/gpt-oss-20b-GGUF:Q8_0 --gpu rtx-4090
says ggml-org/gpt-oss-20b-GGUF --gpu rtx-4090
echo '== two formats: the wider one is not that of the experts; 11.2 GiB and 405,478,939,008 B are published (exo model cards)'
for repo in gpt-oss-20b-MXFP4-Q8 gpt-oss-20b-MXFP4-Q4 gpt-oss-120b-MXFP4-Q8 GLM-5-MXFP4-Q8 Qwen3-8B-mxfp4; do
  says mlx-community/$repo --gpu m3-ultra-512gb
done
for repo in QuantTrio/Qwen3-235B-A22B-Instruct-2507-GPTQ-Int4-Int8Mix someone/Qwen3-32B-NVFP4-FP8 someone/Qwen3-32B-GPTQ-W8A16; do
  says $repo --gpu b300
done
echo '== of what is computed or cached: not of the weights'
says amd/gpt-oss-120b-w-mxfp4-a-fp8 --gpu b300
says amd/Llama-3.3-70B-Instruct-MXFP4-KV-FP8 --gpu b300
echo '== a word for the kernels says no bits'
for line in Qwen/Qwen3-32B-GPTQ-Int8\ --quantization\ gptq RedHatAI/Qwen3-32B-quantized.w4a16\ --quantization\ compressed-tensors \
  Qwen/Qwen3-8B-FP8\ --quantization\ fp8 moonshotai/Kimi-K2-Thinking\ --quantization\ compressed-tensors; do
  printf '%s: ' "$line" && "$VRAMFIT" --gpu b300 -- vllm serve $line --max-model-len 4096 | sed -n '1s/^[A-Z-]* *\([^,]*\),.*/\1/p'
done
echo '== a tag of bits is a branch of checkpoints'
says turboderp/Mistral-Large-Instruct-2411-exl3:3.0bpw --gpu h100
echo '== trained for 4 bits: 16.0, 7.5 and 2.9 GiB are published of Google files, others quantize the embedding too'
for name in google/gemma-3-27b-it-qat-q4_0-gguf gemma3:27b-it-qat google/gemma-3-12b-it-qat-q4_0-gguf gemma3:4b-it-qat \
  bartowski/google_gemma-3-27b-it-qat-GGUF:Q4_0; do
  says $name --gpu rtx-4090
done
says google/gemma-3-27b-it-qat-q4_0-unquantized --engine vllm --gpu h100
