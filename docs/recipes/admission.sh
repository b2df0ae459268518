#!/bin/sh
# The answer of a ValidatingAdmissionWebhook: an AdmissionReview on standard input, its response on standard output.
# A small HTTPS server in front of it (webhook, shell2http…) hands one to the other. GPU names that of nodes without labels.
review=$(cat)
uid=$(printf '%s' "$review" | jq -r '.request.uid')
found=$(printf '%s' "$review" | jq '.request.object' | vramfit check --format json ${GPU:+--gpu "$GPU"} -)
case $? in
0) allowed=true ;;
1) allowed=false ;;
*) allowed=${ON_ERROR:-true} ;;
esac
printf '%s' "$found" | jq --arg uid "$uid" --argjson allowed "$allowed" '{apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview",
  response: {uid: $uid, allowed: $allowed, warnings: [.deployments[].findings[].message][:5],
             status: {message: ([.deployments[] | select(.verdict == "no-fit" or .verdict == "risky") | .path + ": " + .findings[0].message] | join("; "))}}}'
