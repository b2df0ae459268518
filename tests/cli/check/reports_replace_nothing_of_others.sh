echo 'llama-server -m qwen3-8b -c 4096 --cache-ram 0' >a.sh
cp a.sh was.sh
"$VRAMFIT" check a.sh --gpu l4 --quiet --write-baseline a.sh; echo "exit $?"
cmp a.sh was.sh && echo "the script is as it was"
mkfifo pipe
"$VRAMFIT" check a.sh --gpu l4 --quiet --write-baseline pipe; echo "exit $?"
printf '' >victim; ln -s victim link.json
"$VRAMFIT" check a.sh --gpu l4 --quiet --write-baseline link.json; echo "exit $?"
"$VRAMFIT" check a.sh --gpu l4 --quiet --write-baseline known.json; echo "exit $?"
"$VRAMFIT" check a.sh --gpu l4 --quiet --write-baseline known.json; echo "exit $?"
printf 'GGUF\003\000\000\000' >model.gguf; cp model.gguf was.gguf
"$VRAMFIT" check a.sh --gpu l4 --quiet --summary model.gguf; echo "exit $?"
cmp model.gguf was.gguf && echo "the model is as it was"
ls
