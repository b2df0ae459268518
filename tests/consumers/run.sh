#!/bin/sh
# Programs of others, built against vramfit in one of the ways that there are, and run.
#
# usage: run.sh WAY SOURCE_DIR BUILD_DIR CMAKE CC CXX FLAGS
#
#   subdirectory  a CMake project that fetches ours and adds it as a part of itself
#   package       find_package, against what the build installs
#   pkg-config    pkg-config, against what the build installs, with --static and without
#   shared        a shared library: find_package and pkg-config, and the installed program, moved elsewhere
#   hostless      VRAMFIT_HOST=OFF: nothing of the system is called, files come from the caller
#   docs          the programs of README.md and docs/library.md
#
# CXX may be empty: there is no C++ compiler, and the programs in C alone are built.
set -e
way=$1 source=$2 build=$3 cmake=$4 cc=$5 cxx=$6 flags=$7
here=$source/tests/consumers
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
log=$scratch/log

generator="Unix Makefiles"
command -v ninja >/dev/null && generator=Ninja

skip() { echo "skipped: $1"; exit 77; }
quietly() { "$@" >"$log" 2>&1 || { cat "$log"; echo "failed: $*"; exit 1; }; }

# A build of its own, without optimization: what it computes is tested elsewhere.
configure() {
  where=$1
  shift
  quietly "$cmake" -G "$generator" -B "$where" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER="$cc" \
    -DCMAKE_C_FLAGS="$flags -O0 -g0 -pipe" -DCMAKE_CXX_FLAGS="$flags" -DCONSUMERS="$here" \
    ${cxx:+-DCONSUMER_CXX=ON "-DCMAKE_CXX_COMPILER=$cxx"} "$@"
}

make() { quietly "$cmake" --build "$1" -j 2; }

# Runs a program, whose output has the words in it.
expect() {
  words=$1
  shift
  "$@" >"$log" 2>&1 || { cat "$log"; echo "failed with $?: $*"; exit 1; }
  grep -q -- "$words" "$log" || { cat "$log"; echo "does not say '$words': $*"; exit 1; }
}

run_both() {
  expect FITS "$1/fits_c"
  if [ -n "$cxx" ]; then expect "FITS from memory" "$1/fits_cxx"; else echo "no C++ compiler: C alone"; fi
}

install_build() { quietly "$cmake" --install "$build" --prefix "$scratch/prefix"; }

with_pkg_config() {
  command -v pkg-config >/dev/null || skip "no pkg-config"
  PKG_CONFIG_PATH=$(dirname "$(find "$1" -name vramfit.pc)")
  export PKG_CONFIG_PATH
}

# Compiles and links with what pkg-config says; $1 is "" or --static.
compile_both() {
  libs=$(pkg-config --cflags --libs $1 vramfit)
  quietly $cc $flags -std=c11 -Wall -Wextra -Wpedantic -Werror "$here/fits.c" -o "$scratch/fits_c" $libs $2
  [ -z "$cxx" ] ||
    quietly $cxx $flags -std=c++17 -Wall -Wextra -Wpedantic -Werror "$here/fits.cpp" -o "$scratch/fits_cxx" $libs $2
}

case $way in
subdirectory)
  configure "$scratch/b" -S "$here/project" -DVRAMFIT_SOURCE="$source" -DCMAKE_INSTALL_PREFIX="$scratch/prefix"
  make "$scratch/b"
  run_both "$scratch/b"
  quietly "$cmake" --install "$scratch/b"
  [ ! -e "$scratch/prefix" ] || { find "$scratch/prefix"; echo "it installs itself into others' projects"; exit 1; }
  [ -z "$(find "$scratch/b" -name vramfit -type f)" ] || { echo "it builds its program for others"; exit 1; }
  ;;
package)
  install_build
  configure "$scratch/b" -S "$here/project" -DCMAKE_PREFIX_PATH="$scratch/prefix"
  make "$scratch/b"
  LD_LIBRARY_PATH=$(dirname "$(find "$scratch/prefix" -name 'libvramfit.*' | head -n 1)") run_both "$scratch/b"
  ;;
pkg-config)
  install_build
  [ -n "$(find "$scratch/prefix" -name libvramfit.a)" ] || skip "this build has a shared library"
  with_pkg_config "$scratch/prefix"
  for static in "" --static; do
    compile_both "$static"
    run_both "$scratch"
  done
  ;;
shared)
  configure "$scratch/l" -S "$source" -DBUILD_SHARED_LIBS=ON -DCMAKE_INSTALL_PREFIX="$scratch/first"
  make "$scratch/l"
  quietly "$cmake" --install "$scratch/l"
  rm -rf "$scratch/l"
  mv "$scratch/first" "$scratch/moved"
  expect "^vramfit " "$scratch/moved/bin/vramfit" --version
  library=$(find "$scratch/moved" -name 'libvramfit.so' -o -name 'libvramfit.dylib')
  if command -v nm >/dev/null && [ -e "${library%.so}.so" ]; then
    others=$(nm -D --defined-only "$library" | awk '{ print $3 }' | grep -v '^vf_' | grep -v '^_' || true)
    [ -z "$others" ] || { echo "it shows more than its interface: $others"; exit 1; }
    quietly sh -c "readelf -d '$library' | grep -q 'SONAME.*libvramfit\.so\.[0-9]*\.[0-9]*]'"
  fi
  configure "$scratch/b" -S "$here/project" -DCMAKE_PREFIX_PATH="$scratch/moved"
  make "$scratch/b"
  run_both "$scratch/b"
  with_pkg_config "$scratch/moved"
  compile_both "" "-Wl,-rpath,$(dirname "$library")"
  run_both "$scratch"
  ;;
hostless)
  configure "$scratch/l" -S "$source" -DVRAMFIT_HOST=OFF -DVRAMFIT_PROGRAM=OFF \
    -DCMAKE_INSTALL_PREFIX="$scratch/prefix"
  make "$scratch/l"
  quietly "$cmake" --install "$scratch/l"
  if command -v nm >/dev/null && [ "$flags" = "${flags%sanitize*}" ]; then
    calls=$(nm -u "$(find "$scratch/prefix" -name 'libvramfit.*')" | awk '{ print $2 }' | sort -u |
      grep -E '^(open|openat|opendir|read|pread|readdir|f?stat|lstat|dlopen|socket|getline)(64)?$' || true)
    [ -z "$calls" ] || { echo "it calls the system: $calls"; exit 1; }
  fi
  configure "$scratch/b" -S "$here/project" -DCMAKE_PREFIX_PATH="$scratch/prefix"
  make "$scratch/b"
  run_both "$scratch/b"
  ;;
docs)
  install_build
  with_pkg_config "$scratch/prefix"
  library=$(dirname "$(find "$scratch/prefix" -name 'libvramfit.*' | head -n 1)")
  for page in README.md docs/library.md; do
    awk -v name="$scratch/$(basename "$page" .md)" '
      /^```c$/ { inside = name "-" ++n ".c"; next } /^```$/ { inside = "" } inside { print >inside }' "$source/$page"
  done
  for example in "$scratch"/*.c; do
    quietly $cc $flags -std=c11 -Wall -Wextra -Wpedantic -Werror "$example" -o "${example%.c}" \
      $(pkg-config --cflags --libs --static vramfit) "-Wl,-rpath,$library"
    # What it prints stands in its last comment.
    said=$(sed -n 's|^/\* prints: \(.*\) \*/$|\1|p' "$example")
    answer=$(cd "$scratch" && "${example%.c}") || { echo "$example: fails: $answer"; exit 1; }
    [ "$answer" = "${said:-fits}" ] || { echo "$example: says '$answer', not '${said:-fits}'"; exit 1; }
    echo "$(basename "$example"): $answer"
  done
  ;;
*)
  echo "no such way: $way"
  exit 2
  ;;
esac
