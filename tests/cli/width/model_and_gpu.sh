# of one deployment: UTF-8 or not, coloured or not
for w in 40 80 120 200; do
  for color in never always; do
    for locale in C.UTF-8 C; do
      echo "== $w $color $locale"
      COLUMNS=$w LC_ALL=$locale "$VRAMFIT" llama3.1-8b rtx-4060x2 -q q8_0 -c 64k --color $color
    done
  done
done
