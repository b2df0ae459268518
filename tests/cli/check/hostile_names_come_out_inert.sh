cat >h.json <<'F'
{"vramfit": 1, "deployments": [{"name": "x\u001b[31m\n::error::y <b>]]>&'\" =cmd|' /C'!A0 |`@a` %0A", "model": "a\u001b]0;t\u0007::set-output <img src=x onerror=1>", "gpu": "l4", "engine": "llama.cpp"}]}
F
for f in table json csv markdown github junit sarif tap codequality baseline summary; do
  $VRAMFIT check --format $f h.json >out; echo "$f $?"
  if LC_ALL=C grep -q "$(printf '[\033\007]')" out; then echo "control characters in $f"; fi
  grep -c '^::' out
done
$VRAMFIT check --format github h.json | cut -d: -f1-8
