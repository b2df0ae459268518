#!/bin/sh
# Pictures are well-formed and are drawn by what is there: xmllint, rsvg-convert, a headless Chromium.
#
# usage: check.sh VRAMFIT
#
# Exit status 77 (skipped) where none of them is.
VRAMFIT=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 2
failed=0
used=

picture() { # NAME OPTIONS...
  name=$1.svg
  shift
  "$VRAMFIT" "$@" --quiet --plot "$name"
  [ $? -le 1 ] && [ -s "$name" ] || { echo "FAILED $name: not written"; failed=1; }
}

picture fits --model llama3.1-8b --quant q4 --ctx 32k --gpu rtx-3060
picture unified --model gpt-oss-120b --engine llama.cpp --ctx 32k --gpu gb10
picture no_fit --model llama3.1-70b --quant q8_0 --ctx 32k --gpu rtx-3060
picture ranks --model llama3.1-70b --engine vllm --ctx 16k --gpu h100x4
picture gb --model qwen3-next-80b-a3b --quant q4 --ctx 64k --gpu h100 --unit gb

training() { # NAME OPTIONS...
  name=$1.svg
  shift
  "$VRAMFIT" train "$@" --quiet --plot "$name"
  [ $? -le 1 ] && [ -s "$name" ] || { echo "FAILED $name: not written"; failed=1; }
}
training step --model llama3.1-8b --gpu h100
training shared --model qwen3-30b-a3b --gpu h100x8 --parallel fsdp --checkpointing none
training network --network 12M --sample-memory 9MB --micro-batch 64 --gpu rtx-4070 --unit gb

# A name out of a file is text, not markup.
"$VRAMFIT" --help >/dev/null
mkdir 'a<b>&"c' && printf '%s' '{"model_type":"llama","architectures":["LlamaForCausalLM"],"hidden_size":2048,
  "intermediate_size":8192,"num_hidden_layers":16,"num_attention_heads":32,"num_key_value_heads":8,"vocab_size":128256,
  "max_position_embeddings":131072,"torch_dtype":"bfloat16"}' >'a<b>&"c/config.json'
picture escaped --model 'a<b>&"c/config.json' --quant q8_0 --ctx 8k --gpu rtx-3060

for file in *.svg; do
  if command -v xmllint >/dev/null; then
    used="$used xmllint"
    xmllint --noout "$file" || failed=1
  fi
  if command -v rsvg-convert >/dev/null; then
    used="$used rsvg-convert"
    rsvg-convert "$file" -o drawn.png && [ -s drawn.png ] || { echo "FAILED $file: not drawn"; failed=1; }
  fi
done
for browser in chromium chromium-browser google-chrome; do
  command -v "$browser" >/dev/null || continue
  used="$used $browser"
  "$browser" --headless --no-sandbox --disable-gpu --screenshot=shot.png "file://$scratch/fits.svg" >/dev/null 2>&1
  [ -s shot.png ] || { echo "FAILED: $browser draws nothing"; failed=1; }
  break
done
[ -n "$used" ] || { echo "skipped: neither xmllint nor rsvg-convert nor a Chromium is installed"; exit 77; }
[ $failed -eq 0 ] && echo "drawn by$(echo "$used" | tr ' ' '\n' | sort -u | tr '\n' ' ')"
exit $failed
