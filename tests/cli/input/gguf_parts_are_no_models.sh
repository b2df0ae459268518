length() { printf "\\$(printf %03o "${#1}")\\000\\000\\000\\000\\000\\000\\000"; }
word() { length "$1"; printf '%s' "$1"; }
part() { # ARCHITECTURE TYPE
  printf 'GGUF\003\000\000\000\000\000\000\000\000\000\000\000\002\000\000\000\000\000\000\000'
  word general.architecture; printf '\010\000\000\000'; word "$1"
  word general.type; printf '\010\000\000\000'; word "$2"
}
part llama adapter >a.gguf; "$VRAMFIT" --model a.gguf --gpu rtx-4090; echo "exit $?"
part clip mmproj >b.gguf; "$VRAMFIT" --model b.gguf --gpu rtx-4090; echo "exit $?"
part frobnicator model >c.gguf; "$VRAMFIT" --model c.gguf --gpu rtx-4090; echo "exit $?"
part llama model >d.gguf; "$VRAMFIT" --model d.gguf --gpu rtx-4090; echo "exit $?"
"$VRAMFIT" inspect c.gguf; echo "exit $?"
