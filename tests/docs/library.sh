#!/bin/sh
# The README's library example, built against an installed copy through pkg-config, and run.
#
# usage: library.sh SOURCE_DIR BUILD_DIR CMAKE CC CFLAGS
set -e
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$3" --install "$2" --prefix "$scratch/prefix" >/dev/null
awk '/^```c$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$1/README.md" >"$scratch/example.c"
command -v pkg-config >/dev/null || { echo "skipped: no pkg-config"; exit 77; }
PKG_CONFIG_PATH=$(dirname "$(find "$scratch/prefix" -name vramfit.pc)")
export PKG_CONFIG_PATH
$4 $5 -std=c11 -Wall -Wextra -Werror "$scratch/example.c" -o "$scratch/example" \
  $(pkg-config --cflags --libs --static vramfit)
answer=$("$scratch/example")
[ "$answer" = fits ] || { echo "the example says: $answer"; exit 1; }
echo "$answer"
