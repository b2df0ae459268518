. "$(dirname "$0")/root.inc"
root
nvidia "$RTX_4090"
$VRAMFIT detect --sysroot root --json
