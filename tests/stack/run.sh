#!/bin/sh
# Every command with 128 KiB of stack, which is what a thread has with musl.
#
# usage: run.sh VRAMFIT REPOSITORY
vramfit=$1
repository=$2
failed=0
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
export XDG_CONFIG_HOME=/nonexistent
cd "$scratch" || exit 2

# The kernel counts arguments and environment, a few KiB of them, as stack.
try() {
  (ulimit -S -s 128 && exec env -i PATH="$PATH" XDG_CONFIG_HOME=/nonexistent "$vramfit" "$@") \
    >stdout 2>stderr </dev/null
  code=$?
  [ $code -le 2 ] && return
  echo "exit status $code: vramfit $*"
  failed=$((failed + 1))
}

mkdir -p deep/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20
cat >box.json <<'END'
{"gpu": "rtx-4090", "host_memory": "64GiB", "workloads": [
  {"name": "a", "command": "llama-server -m qwen3-8b -c 8192", "quant": "q4_k_m"},
  {"name": "b", "model": "qwen3-4b", "quant": "q4_k_m", "engine": "vllm", "ctx": 8192}]}
END
cat >deep/1/2/3/compose.yaml <<'END'
services:
  llm:
    image: vllm/vllm-openai:latest
    command: --model Qwen/Qwen3-8B --max-model-len 8192
END

for engine in llama.cpp vllm sglang transformers tensorrt-llm exllama tgi mlx ollama; do
  try --model qwen3-8b --gpu rtx-4090 --ctx 8k --engine $engine --explain
done
for format in table json csv markdown; do
  try --model qwen3-32b --quant q4_k_m --ctx 16k --gpu rtx-4090 --format $format
  try table --model qwen3-8b,qwen3-4b --gpu rtx-4090,h100 --ctx 8k,32k --format $format
  try max ctx --model qwen3-8b --gpu rtx-4090x2 --format $format
  try place box.json --format $format
  try check deep --gpu l4 --format $format
  try models --format $format
done
try --model qwen3-32b --gpu rtx-4090x2 --ctx 32k --quant q4_k_m --explain
try --model deepseek-v3 --gpu h100x16 --engine vllm
try --model qwen3-32b --gpu rtx-4090 --ctx 32k --quant q4_k_m --plot -
try --model qwen3-32b --gpu rtx-4090 --ctx 32k --quant q4_k_m --draft qwen3-0.6b
try --model gemma3-27b --gpu rtx-4090 --ctx 32k --quant q4_k_m --mmproj auto
try compare '--quant q4_k_m' '--quant q8_0' --model qwen3-32b --gpu rtx-4090 --ctx 8k
try qwen3-8b rtx-4090
try rtx-4090
try qwen3-8b
try train --model qwen3-8b --gpu h100x8
try detect
try detect --sysroot "$repository/tests/machine"
try inspect qwen3-8b --tensors --quant q4_k_m
try explain kv-cache
try --help
[ $failed -eq 0 ] || { echo "$failed commands failed"; exit 1; }
