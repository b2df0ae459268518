for w in 40 80 120 200; do
  echo "== $w"
  COLUMNS=$w "$VRAMFIT" llama3.1-8b rtx-4060 --quant q4 -c 32k
  COLUMNS=$w "$VRAMFIT" llama3.1-8b rtx-4060 | sed 's/  *[0-9.]*–[0-9.]*/ /'
done
