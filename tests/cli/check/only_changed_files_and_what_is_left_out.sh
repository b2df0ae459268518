mkdir -p a/b .hidden node_modules ../outside 2>/dev/null
one() { echo '{"vramfit": 1, "deployments": {"x": {"model": "qwen3-4b", "quant": "q4_k_m", "ctx": "4k", "gpu": "l4", "engine": "llama.cpp"}}}' >$1; }
one a/one.json; one a/b/two.json; one a/skip.json; one .hidden/no.json; one node_modules/no.json; one outside.json
mkdir t; mv a t; ln -s "$PWD/outside.json" t/out.json; ln -s one.json t/a/inside.json; ln -s .. t/a/loop
echo 'skip.*' >t/.vramfitignore
$VRAMFIT check t --format csv | cut -d, -f1,2,7; echo ---
$VRAMFIT check t --exclude 'a/b' --format csv | cut -d, -f1; echo ---
printf './t/a/one.json\ngone.json\n' | $VRAMFIT check t --only-changed --format csv | cut -d, -f1; echo ---
printf 't/a/one.json\ngone.json\nREADME.md\n' | $VRAMFIT check --only-changed; echo $?
