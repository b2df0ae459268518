cat > compose.yaml <<'Y'
x-vramfit: {gpu: rtx-4090}
services:
  chat:
    image: ghcr.io/ggml-org/llama.cpp:server-cuda
    command: --model qwen3-8b -c 8192 --cache-ram 0
    deploy: {replicas: 3, resources: {reservations: {devices: [{driver: nvidia, device_ids: ['0'], capabilities: [gpu]}]}}}
  off:
    image: ghcr.io/ggml-org/llama.cpp:server-cuda
    command: --model qwen3-32b -c 8192
    scale: 0
Y
"$VRAMFIT" place compose.yaml
echo "exit $?"
sed 's/replicas: 3/replicas: 4/' compose.yaml > four.yaml
"$VRAMFIT" place four.yaml --quiet
echo "exit $?"
sed 's/replicas: 3/replicas: some/' compose.yaml > some.yaml
"$VRAMFIT" place some.yaml
