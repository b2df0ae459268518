"$VRAMFIT" workloads f5-tts:cli | head -8
"$VRAMFIT" workloads qwen2.5-omni-3b:bf16-speech | sed -n "/variants,/,\$p"
"$VRAMFIT" workloads f5-tts:none
