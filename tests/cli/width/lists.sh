# what runs here and what carries it: fewer columns where the terminal is narrow, and no row is cut in two
list() { "$VRAMFIT" "$@" | sed "s/^[0-9]* of [0-9]*/N of N/; s/[0-9.]*–[0-9.]*$/speed/" | sed -n 1,9p; }
for w in 40 60 80 120 200; do
  echo "== $w"
  COLUMNS=$w list models --fits rtx-4060 --family gemma
  COLUMNS=$w list llama3.3-70b
done
echo "== ASCII"
COLUMNS=80 LC_ALL=C list models --fits rtx-4060 --family gemma --host-memory 32GiB
echo "== colours"
COLUMNS=80 list models --fits rtx-4060 --family gemma --color always
