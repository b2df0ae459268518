for words in "--gpu l4 --model qwen3-8b" "l4" "max ctx --gpu l4 --model qwen3-8b" "qwen3-8b l4"; do
  "$VRAMFIT" $words --gpus 129; echo "exit $?"
done
"$VRAMFIT" table --model qwen3-8b --gpu l4 --gpus 128,129 --ctx 4k
cat > pod.yaml <<'Y'
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  containers:
  - name: c
    image: vllm/vllm-openai
    args: [--model, Qwen/Qwen3-8B]
    resources: {limits: {nvidia.com/gpu: 3000}}
Y
"$VRAMFIT" check pod.yaml --gpu l4; echo "exit $?"
