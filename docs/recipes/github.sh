#!/bin/bash
# What the GitHub action runs: annotations, the table of the run's page, and SARIF if it is asked for. Inputs come as
# variables, never as text of the script, so that none of them is run.
set -u
read -r -a paths <<<"${VRAMFIT_PATHS:-.}"
read -r -a args <<<"${VRAMFIT_ARGS:-}"
[ -z "${VRAMFIT_GPU:-}" ] || args+=(--gpu "$VRAMFIT_GPU")
vramfit check --format github --summary "${GITHUB_STEP_SUMMARY:-/dev/null}" "${args[@]}" "${paths[@]}"
status=$?
[ -z "${VRAMFIT_SARIF:-}" ] || vramfit check --format sarif "${args[@]}" "${paths[@]}" >"$VRAMFIT_SARIF"
[ -z "${GITHUB_OUTPUT:-}" ] || echo "status=$status" >>"$GITHUB_OUTPUT"
exit $status
