n() { sed -E '/would fit/d; s/[0-9]+\.[0-9]+/N/g'; }
cat >branches.sh <<'F'
#!/bin/bash
case $1 in large) MODEL=Qwen/Qwen3-32B ;; *) MODEL=Qwen/Qwen3-8B ;; esac
LEN=4096
[ "$LONG" ] && LEN=400000
vllm serve $MODEL --max-model-len $LEN
if [ "$1" = small ]; then
  LEN=4096
  vllm serve Qwen/Qwen3-8B --max-model-len $LEN
fi
F
cat >elsewhere.sh <<'F'
#!/bin/bash
run() { vllm serve Qwen/Qwen3-8B --max-model-len $LEN; }
LEN=400000
run
L=400000
(L=4096)
vllm serve Qwen/Qwen3-8B --max-model-len $L
F
cat >here.sh <<'F'
#!/bin/bash
LEN=4096
LEN=400000
vllm serve Qwen/Qwen3-8B --max-model-len $LEN
F
printf '#!/bin/bash\nvllm serve Qwen/Qwen3-8B \\ \n  --max-model-len 4096\n' >blank.sh
printf '#!/bin/bash\r\nvllm serve Qwen/Qwen3-8B \\\r\n  --max-model-len 4096\r\n' >crlf.sh
$VRAMFIT check --gpu l4 branches.sh elsewhere.sh here.sh blank.sh crlf.sh >out; code=$?; n <out; echo $code
