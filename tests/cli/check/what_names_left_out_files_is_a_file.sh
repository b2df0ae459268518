mkdir d
mkfifo d/.vramfitignore
echo '{"vramfit": 1, "deployments": {"x": {"model": "qwen3-4b", "quant": "q4_k_m", "ctx": "4k", "gpu": "l4", "engine": "llama.cpp"}}}' >d/a.json
timeout 20 $VRAMFIT check d; echo $?
rm d/.vramfitignore
i=0; while [ $i -lt 257 ]; do echo "x$i"; i=$((i + 1)); done >d/.vramfitignore
$VRAMFIT check d; echo $?
printf '%0300d\n' 1 >d/.vramfitignore
$VRAMFIT check d; echo $?
printf 'b*\n# a*\n' >d/.vramfitignore
$VRAMFIT check d | tail -1
