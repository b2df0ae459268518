{ echo 'a: &a [x,x,x,x,x,x,x,x,x]'; p=a; for n in b c d e f g h i j k l m; do echo "$n: &$n [*$p,*$p,*$p,*$p,*$p,*$p,*$p,*$p,*$p]"; p=$n; done; echo 'kind: Pod'; echo 'apiVersion: v1'; } >bomb.yaml
printf 'services:\n  a: {extends: b, image: x}\n  b: {extends: {service: a}}\n' >circle.yaml
printf 'a: &a\n  b: *a\n' >self.yaml
printf 'services:\n  a: {image: x, extends: {file: /etc/passwd, service: b}}\n' >root.yaml
{ printf 'services:\n  a:\n    image: vllm/vllm-openai\n    command: --model '; head -c 1000000 /dev/zero | tr '\0' 'm'; echo; } >long.yaml
awk 'BEGIN { for (i = 0; i < 200; i++) printf "["; print "" }' >deep.yaml
printf 'services: {a: \0}\n' >nul.yaml
for f in bomb circle self root deep nul; do $VRAMFIT check $f.yaml; echo $?; done
$VRAMFIT check long.yaml | wc -c
