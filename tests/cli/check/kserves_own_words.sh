cat > service.yaml <<'Y'
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: qwen
spec:
  predictor:
    model:
      modelFormat:
        name: huggingface
      args:
        - --model_name=qwen
        - --model_id=Qwen/Qwen3-14B
        - --max_length
        - "8192"
        - --dtype=bfloat16
      resources:
        limits:
          nvidia.com/gpu: "1"
Y
$VRAMFIT check service.yaml --gpu h100
$VRAMFIT check service.yaml --gpu t4
