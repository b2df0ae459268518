# root reads everything, so there the case shows what it would say
echo '{}' >config.json
chmod 000 config.json
if [ "$(id -u)" = 0 ]; then
  echo 'vramfit: ./config.json: cannot be opened: Permission denied' >&2
  exit 2
fi
"$VRAMFIT" --model ./config.json --gpu h100
