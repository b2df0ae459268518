#!/bin/sh
# What a build of vramfit prints, with exit statuses: every command and reader once or more.  Two builds that differ in
# a byte of it are not the same program.
#
# usage: run.sh [--part] REPOSITORY COMMAND [ARG...]     e.g. run.sh . build/vramfit; run.sh . qemu-s390x-static build-s390x/vramfit
#
# --part: some of them, where each takes seconds (valgrind).  Prints to standard output.
part=
[ "$1" = --part ] && part=1 && shift
repository=$(cd "$1" && pwd)
shift
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 2
unset NO_COLOR CLICOLOR_FORCE VRAMFIT_CATALOG COLUMNS
export XDG_CONFIG_HOME=/nonexistent HOME=/nonexistent LC_ALL=C.UTF-8
program=$*

try() {
  # shellcheck disable=SC2086
  $program "$@" >stdout 2>stderr </dev/null
  code=$?
  printf '== %s\nexit %d\n' "$*" $code | sed "s|$repository/||g"
  cat stdout stderr | sed "s|$repository/||g"
}
more() { [ -n "$part" ] || try "$@"; }

cat >box.json <<'END'
{"gpu": "rtx-4090", "host_memory": "64GiB", "workloads": [
  {"name": "a", "command": "llama-server -m qwen3-8b -c 8192", "quant": "q4_k_m"},
  {"name": "b", "model": "qwen3-4b", "quant": "q4_k_m", "engine": "vllm", "ctx": 8192}]}
END
cat >compose.json <<'END'
{"services": {"llm": {"image": "vllm/vllm-openai:latest", "command": "--model Qwen/Qwen3-8B --max-model-len 8192"}}}
END

for engine in llama.cpp vllm sglang transformers tensorrt-llm exllama tgi mlx ollama koboldcpp lmdeploy; do
  more --model qwen3-8b --gpu rtx-4090 --ctx 8k --engine $engine --explain
done
for format in table json csv markdown; do
  more --model qwen3-32b --quant q4_k_m --ctx 16k --gpu rtx-4090 --format $format
  more table --model qwen3-8b,qwen3-4b --gpu rtx-4090,h100 --ctx 8k,32k --format $format
  more max ctx --model qwen3-8b --gpu rtx-4090x2 --format $format
  more place box.json --format $format
  more check compose.json --gpu l4 --format $format
  more train --model qwen3-8b --gpu h100x8 --format $format
  more gpus --format $format
done
try --model qwen3-32b --quant q4_k_m --ctx 16k --gpu rtx-4090
try --model qwen3-32b --gpu rtx-4090x2 --ctx 32k --quant q4_k_m --explain
try --model qwen3-8b --gpu h100 --engine vllm --json
try --model qwen3-8b --gpu h100 --engine sglang --explain
more --model deepseek-v3 --gpu h100x16 --engine vllm --explain
more --model qwen3-next-80b-a3b --gpu rtx-4090 --quant q4_k_m --n-cpu-moe 30 --ctx 32k --explain
more --model qwen3-32b --gpu rtx-4090 --ctx 32k --quant q4_k_m --plot -
more --model qwen3-32b --gpu rtx-4090 --ctx 32k --quant q4_k_m --draft qwen3-0.6b --explain
more --model gemma3-27b --gpu rtx-4090 --ctx 32k --quant q4_k_m --mmproj auto --explain
more --model granite4-micro-3b --gpu ryzen-ai-max-395-128gbx4 --ctx 262144 --seqs 16 --quant bf16 --explain
more --model qwen3-30b-a3b --gpu rtx-4090 --quant q4_k_m --override-tensor 'exps=CPU' --explain
try compare '--quant q4_k_m' '--quant q8_0' --model qwen3-32b --gpu rtx-4090 --ctx 8k
try qwen3-8b rtx-4090
more rtx-4090
more qwen3-8b
try place box.json --json
try train --model qwen3-8b --gpu h100 --method qlora
more inspect "$repository/tests/corpus/safetensors/three.safetensors" --tensors
more inspect qwen3-0.6b --quant q8_0 --ctx 4k --gpu rtx-4090 --graph
more detect --sysroot nothing
more explain kv-cache
more --help
try --model no-such-model --gpu rtx-4090
for file in "$repository"/tests/corpus/gguf/* "$repository"/tests/corpus/safetensors/* "$repository"/tests/corpus/pytorch/*; do
  try inspect "$file"
  more --model "$file" --gpu rtx-4090 --ctx 4k
done
for file in "$repository"/tests/corpus/scenario/*; do try place "$file"; done
