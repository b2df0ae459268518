two() { printf '[Service]\nType=%s\nExecStart=/usr/bin/llama-server -m qwen3-32b:q8_0 -c 4096\n%sExecStart=/usr/bin/llama-server -m qwen3-8b:q4_k_m -c 4096\n' "$1" "$2" >u.service
  $VRAMFIT check u.service --gpu l4 | grep -v 'would fit'; }
two exec ''
two oneshot ''
two exec 'ExecStart=
'
