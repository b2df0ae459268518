for path in /root/.cache/huggingface/hub/models--openai--gpt-oss-120b/snapshots/b5c939de8f7 /data/models--Qwen--Qwen3-8B/snapshots/abc/; do
  "$VRAMFIT" --gpu h200 --json -- vllm serve $path --max-model-len 8192 | grep -m1 '"model"' -A1
done
"$VRAMFIT" --gpu h200 -- vllm serve /data/models--Qwen--Nothing/snapshots/abc/ --max-model-len 8192
