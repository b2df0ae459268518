# Words that no engine has are refused, and each of several counts.
need() { $VRAMFIT --gpu rtx-5090 --json -- "$@" 2>&1 | grep -oE '"(need_bytes|message)": .*' | head -1; }
llama() { need llama-server -m qwen3.6-27b:q4_k_m -c 4096 -np 1 "$@"; }
llama --spec-type none
llama --spec-type draft-mtp
llama --spec-type ngram-mod,draft-mtp
llama --spec-type draft-mtp --spec-type ngram-mod
llama --spec-type draft-mpt
llama --spec-type draft-mtp,draft-mpt
need vllm serve Qwen/Qwen3-8B --speculative-config '{"method": "egale3", "num_speculative_tokens": 2}'
need python -m sglang.launch_server --model-path Qwen/Qwen3-8B --context-length 4096 --speculative-algorithm NEXT
# In a preset a section's own word takes the place of the same one for all.
printf '[*]\nspec-type = draft-mtp\n[a]\nmodel = qwen3.6-27b-Q4_K_M.gguf\nspec-type = ngram-mod\n' >models.ini
$VRAMFIT check models.ini --format json | grep -o '"spec_method": "[^"]*"'
