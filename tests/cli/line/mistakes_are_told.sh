for line in "nginx -g x" "vllm serve Qwen/Qwen3-8B --tensor-parallel-size two" "vllm serve Qwen/Qwen3-8B extra" "llama-server -m" "llama-server -m qwen3-8b -c=4096" "vllm serve" "vllm serve Qwen/Qwen3-8B --max-num 5" "llama-server -m qwen3-8b stray"; do
  "$VRAMFIT" --gpu h100 -- $line; echo "exit $?"
done
"$VRAMFIT" --gpu h100 --; echo "exit $?"
"$VRAMFIT" models -- vllm serve Qwen/Qwen3-8B; echo "exit $?"
"$VRAMFIT" models --gpu rtx-4060; echo "exit $?"
"$VRAMFIT" table --model any --params 7B..14B --gpu l4; echo "exit $?"
"$VRAMFIT" max ctx --model qwen3-8b --gpu l4 --launch; echo "exit $?"
"$VRAMFIT" place box.json --ctx 8k; echo "exit $?"
"$VRAMFIT" --model qwen3-8b --gpu l4 --max-total-tokens 8192; echo "exit $?"
"$VRAMFIT" --model qwen3-8b --gpu l4 -n 64; echo "exit $?"
"$VRAMFIT" --model qwen3-8b --gpu l4 --used 2; echo "exit $?"
echo '{"gpu": "l4", "workloads": [{"command": "vllm serve \"Qwen/Qwen3-8B"}]}' >box.json
"$VRAMFIT" place box.json; echo "exit $?"
echo '{"gpu": "l4", "workloads": [{"command": "vllm serve Qwen/Qwen3-8B --max-model-len $LEN"}]}' >box.json
"$VRAMFIT" place box.json; echo "exit $?"
