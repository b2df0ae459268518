# what is too much of a file is told with its name, and the files beside it are judged
printf 'services:\n  chat:\n    image: vllm/vllm-openai\n    command: --model Qwen/Qwen3-0.6B --max-model-len 4096\n' > good.yaml
{
  printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: doubled}\nspec:\n  containers:\n  - image: vllm/vllm-openai\n    args: [--model, "$(A60)"]\n    env:\n    - {name: A0, value: xxxxxxxxxx}\n'
  i=0
  while [ $i -lt 60 ]; do
    printf '    - {name: A%d, value: "$(A%d)$(A%d)"}\n' $((i + 1)) $i $i
    i=$((i + 1))
  done
} > pod.yaml
{
  echo A0=xxxxxxxxxx
  i=0
  while [ $i -lt 60 ]; do
    printf 'A%d=${A%d}${A%d}\n' $((i + 1)) $i $i
    i=$((i + 1))
  done
} > vars.env
printf 'services:\n  chat:\n    image: vllm/vllm-openai\n    command: --model Qwen/Qwen3-0.6B\n    env_file: vars.env\n' > compose.yaml
awk 'BEGIN { for (i = 0; i < 10001; i++) print "[a]\nmodel = /" }' > presets.ini
"$VRAMFIT" check pod.yaml compose.yaml good.yaml --gpu l4; echo "exit $?"
"$VRAMFIT" check presets.ini --gpu l4 | tail -2
