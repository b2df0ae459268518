"$VRAMFIT" -h
"$VRAMFIT" -h | awk 'length($0) > 100' | wc -l
test "$("$VRAMFIT" -h | wc -l)" -le 24; echo "one screen: $?"
