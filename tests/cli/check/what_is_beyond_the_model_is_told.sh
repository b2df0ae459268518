# llama.cpp serves a context beyond the model's own; an exported name and a word over two lines are read as a shell does
cat > start.sh <<'S'
REPO="unsloth/\
Qwen3-0.6B-GGUF"
export REPO OTHER
llama-server -hf $REPO:Q4_K_M -c 200000
S
"$VRAMFIT" check --gpu h100 start.sh; echo "exit $?"
sed 's/200000/40960/' start.sh > within.sh
"$VRAMFIT" check --gpu h100 within.sh; echo "exit $?"
