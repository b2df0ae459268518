deployments() {
cat >d.json <<F
{"vramfit": 1, "deployments": [
  {"name": "a", "model": "qwen3-32b", "quant": "q8_0", "ctx": "$1", "gpu": "rtx-4090", "engine": "llama.cpp"},
  {"name": "b", "model": "qwen3-8b", "quant": "$2", "ctx": "8k", "gpu": "rtx-4090", "engine": "llama.cpp"}]}
F
}
deployments 8k q4_k_m
$VRAMFIT check --quiet d.json; echo $?
$VRAMFIT check --quiet --write-baseline known.json d.json; echo $?; ls
$VRAMFIT check --quiet --baseline known.json d.json; echo $?
deployments 32k q4_k_m; $VRAMFIT check --quiet --baseline known.json d.json; echo $?
deployments 8k bf16; $VRAMFIT check --quiet --baseline known.json d.json; echo $?
deployments 8k f32; $VRAMFIT check --quiet --baseline known.json d.json; echo $?
echo '{' >known.json; $VRAMFIT check --baseline known.json d.json; echo $?
for b in '{}' '{"deployments": {}}' '[]'; do echo "$b" >known.json; $VRAMFIT check --baseline known.json d.json; echo $?; done
