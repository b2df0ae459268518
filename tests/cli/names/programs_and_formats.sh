# What is no language model says where it is known; a format that no tool here makes, and one of no width near.
for name in flux.1-dev f5-tts openai/whisper-large-v3; do
  "$VRAMFIT" --model "$name" --gpu l4 --ctx 400 | head -1
done
for quant in IQ4_K int9 UD-Q9_K nvfp4; do
  "$VRAMFIT" --model qwen3-8b --engine llama.cpp --quant "$quant" --gpu l4
  echo "exit $?"
done
