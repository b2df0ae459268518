#!/bin/sh
# Runs the recipes of docs/recipes that run on one machine: run.sh VRAMFIT SOURCE
program=$(cd "$(dirname "$1")" && pwd)
source=$(cd "$2" && pwd)
PATH=$program:$PATH
export PATH XDG_CONFIG_HOME=/nonexistent
unset VRAMFIT_CATALOG CUDA_VISIBLE_DEVICES
recipes=$source/docs/recipes
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
failed=0
expect() { # WHAT WANTED GOT
  [ "$2" = "$3" ] || { echo "$1: $3, not $2"; failed=1; }
}

# The gate starts what fits, and nothing else.
mkdir bin
printf '#!/bin/sh\necho started "$@"\n' >bin/vllm
chmod +x bin/vllm
PATH=$folder/bin:$PATH
expect "gate, fits" "started serve Qwen/Qwen3-8B --max-model-len 8192" \
  "$(GPU=h100 sh "$recipes/gate.sh" vllm serve Qwen/Qwen3-8B --max-model-len 8192 2>/dev/null)"
expect "gate, does not" "" "$(GPU=l4 sh "$recipes/gate.sh" vllm serve Qwen/Qwen3-32B 2>/dev/null)"
GPU=l4 sh "$recipes/gate.sh" vllm serve Qwen/Qwen3-32B >/dev/null 2>&1
expect "gate's status" 1 $?

# A repository with one good and one bad deployment, as the GitHub action sees it: file and line are right.
mkdir deploy
cat >deploy/compose.yaml <<'F'
services:
  good:
    image: vllm/vllm-openai
    command: --model Qwen/Qwen3-8B --quantization fp8 --max-model-len 8k
  bad:
    image: vllm/vllm-openai
    command: --model Qwen/Qwen3-32B
F
out=$(VRAMFIT_PATHS=deploy VRAMFIT_GPU=l4 VRAMFIT_ARGS= VRAMFIT_SARIF=out.sarif GITHUB_STEP_SUMMARY=$folder/summary.md \
  GITHUB_OUTPUT=$folder/output bash "$recipes/github.sh")
expect "action's status" 1 $?
expect "action's annotations" 1 "$(printf '%s\n' "$out" | grep -c '^::error file=deploy/compose.yaml,line=5,')"
expect "action's good one" 0 "$(printf '%s\n' "$out" | grep -c 'services.good')"
expect "action's output" status=1 "$(cat output)"
expect "action's summary" 1 "$(grep -c 'services.good' summary.md)"
expect "action's SARIF" 1 "$(grep -c '"startLine": 5' out.sarif)"

# The recipes' own manifests read as deployments.
expect "init container" fits "$(vramfit check --format json "$recipes/init-container.yaml" | sed -n 's/.*"verdict": "\(.*\)".*/\1/p')"
expect "unit" 1 "$(vramfit check --gpu l4 --format csv "$recipes/vllm.service" | grep -c ExecStart)"

# Slurm.
printf '#!/bin/bash\n#SBATCH --gres=gpu:l4:1\nsrun vllm serve Qwen/Qwen3-32B\n' >bad.sbatch
printf '#!/bin/bash\n#SBATCH --gres=gpu:l4:1\nsrun vllm serve Qwen/Qwen3-4B --max-model-len 8k\n' >good.sbatch
sh "$recipes/slurm-prolog.sh" bad.sbatch >/dev/null
expect "slurm, bad" 1 $?
sh "$recipes/slurm-prolog.sh" good.sbatch >/dev/null
expect "slurm, good" 0 $?

# Admission, where there is jq.
if command -v jq >/dev/null; then
  review() {
    printf '{"request": {"uid": "u1", "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"nodeSelector": {"cloud.google.com/gke-accelerator": "nvidia-l4"}, "containers": [{"name": "c", "image": "vllm/vllm-openai", "args": ["--model", "%s", "--max-model-len", "8192"], "resources": {"limits": {"nvidia.com/gpu": 1}}}]}}}}' "$1" |
      sh "$recipes/admission.sh" | jq -c '[.response.uid, .response.allowed]'
  }
  expect "admission, good" '["u1",true]' "$(review Qwen/Qwen3-4B)"
  expect "admission, bad" '["u1",false]' "$(review Qwen/Qwen3-32B)"
fi
exit $failed
