# A launch line, check, place and a bare name take the same file of a repository: of ggml-org's gpt-oss there is one in MXFP4 alone.
for repo in ggml-org/gpt-oss-20b-GGUF unsloth/gpt-oss-20b-GGUF:Q4_K_M unsloth/gpt-oss-20b-GGUF:F16 Qwen/Qwen3-8B-GGUF \
  Qwen/Qwen3-8B-GGUF:q8_0 ggml-org/gemma-3-4b-it-GGUF:Q8_0; do
  printf 'vramfit: 1\ndeployments:\n  - {gpu: h100, command: llama-server -hf %s -c 8192 -np 1 --no-mmproj}\n' $repo >vramfit.yaml
  printf '{"gpu": "h100", "workloads": [{"name": "w", "command": "llama-server -hf %s -c 8192 -np 1 --no-mmproj"}]}\n' $repo >box.json
  echo "== $repo"
  need='s/.*"need_bytes": *\([0-9]*\).*/\1/p'
  "$VRAMFIT" --gpu h100 --json -- llama-server -hf $repo -c 8192 -np 1 --no-mmproj | sed -n "$need" | head -n 1
  "$VRAMFIT" --gpu h100 --json --model $repo --engine llama-server --ctx 8k --seqs 1 | sed -n "$need" | head -n 1
  "$VRAMFIT" --gpu h100 --json $repo --ctx 8k | sed -n "$need" | head -n 1
  "$VRAMFIT" check vramfit.yaml --json | sed -n "$need" | head -n 1
  "$VRAMFIT" place box.json | sed -n '/gpt-oss\|qwen3\|gemma3/s/  */ /gp'
done
