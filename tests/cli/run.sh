#!/bin/sh
# Runs the program as a user does, one case a file.
#
# usage: run.sh [--bless] VRAMFIT CASE.sh...
#
# A case is a script that calls $VRAMFIT in an empty folder.  Beside CASE.sh lies what is expected:
#   CASE.exit         exit status (0 if absent)
#   CASE.stdout       standard output, exactly; CASE.stdout.has: lines that must occur somewhere in it
#   CASE.stderr       the same for standard error, and CASE.stderr.has
# What is not described must be empty.  --bless writes CASE.exit, .stdout and .stderr anew.
bless=
[ "$1" = --bless ] && bless=1 && shift
absolute() { # PATH: into $path; few processes are started, because there are hundreds of cases
  case $1 in
  /*) path=$1 ;;
  *) path=$PWD/$1 ;;
  esac
}
absolute "$1"
VRAMFIT=$path
shift
export VRAMFIT
unset NO_COLOR CLICOLOR_FORCE VRAMFIT_CATALOG $(env | sed -n "s/^\(OLLAMA_[A-Z_]*\)=.*/\1/p")
export XDG_CONFIG_HOME=/nonexistent
export LC_ALL=C.UTF-8
unset COLUMNS
failed=0
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT

# has FILE LIST: every line of LIST occurs in FILE
has() {
  awk 'NR == FNR { want[++n] = $0; next }
    { for (i = 1; i <= n; i++) if (index($0, want[i])) found[i] = 1 }
    END { for (i = 1; i <= n; i++) if (!found[i] && want[i] != "") { print "  missing: " want[i]; bad = 1 } exit bad }' \
    "$2" "$1"
}

check() { # NAME ACTUAL EXPECTED-STEM
  if [ -f "$3.has" ]; then
    has "$2" "$3.has"
  elif [ -f "$3" ]; then
    diff -u "$3" "$2"
  else
    [ ! -s "$2" ] || diff -u /dev/null "$2"
  fi || { echo "FAILED $1: ${3##*.}"; return 1; }
}

for case in "$@"; do
  absolute "$case"
  case=$path
  stem=${case%.sh}
  folder=${stem%/*}
  name=${folder##*/}/${stem##*/}
  dir=$scratch/work
  rm -rf "$dir" && mkdir "$dir"
  (cd "$dir" && sh "$case") >"$scratch/stdout" 2>"$scratch/stderr" </dev/null
  code=$?
  if [ -n "$bless" ]; then
    rm -f "$stem.exit" "$stem.stdout" "$stem.stderr"
    [ $code -ne 0 ] && echo $code >"$stem.exit"
    [ -s "$scratch/stdout" ] && [ ! -f "$stem.stdout.has" ] && cp "$scratch/stdout" "$stem.stdout"
    [ -s "$scratch/stderr" ] && [ ! -f "$stem.stderr.has" ] && cp "$scratch/stderr" "$stem.stderr"
    continue
  fi
  want=0
  [ -f "$stem.exit" ] && read -r want <"$stem.exit"
  ok=1
  [ "$code" = "$want" ] || { echo "FAILED $name: exit status $code, not $want"; ok=; }
  check "$name" "$scratch/stdout" "$stem.stdout" || ok=
  check "$name" "$scratch/stderr" "$stem.stderr" || ok=
  [ -n "$ok" ] || failed=$((failed + 1))
done
[ $failed -eq 0 ] || { echo "$failed of $# cases failed"; exit 1; }
echo "$# cases"
