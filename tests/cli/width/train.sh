# figures have tests of their own: digits are all one
train() { "$VRAMFIT" train llama3.1-8b rtx-4090 --method qlora "$@" | sed "s/[0-9]/0/g"; }
for w in 40 80 120 200; do
  echo "== $w"
  COLUMNS=$w train
done
echo "== ASCII, colours"
COLUMNS=80 LC_ALL=C train --color always
