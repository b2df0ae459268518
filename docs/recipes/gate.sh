#!/bin/sh
# Starts an engine only if it fits here: gate.sh vllm serve MODEL --max-model-len 16k
# GPU names another GPU than this machine's as it is now.
[ $# -gt 0 ] || { echo "usage: gate.sh vllm serve MODEL…" >&2; exit 2; }
vramfit --quiet --gpu "${GPU:-auto}" -- "$@" && exec "$@"
status=$?
echo "gate: not started: vramfit says $status (1: it does not fit, 2: it cannot be told)" >&2
exit $status
