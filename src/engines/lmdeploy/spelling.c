/* spelling.c - the words of LMDeploy's server.
 *
 * Source: lmdeploy/cli/serve.py and cli/utils.py of 1263d5c (0.16.0, 2026-08-21): argparse. */
#include "engines/spelling.h"

static const vf_program programs[] = {{"lmdeploy serve api_server", "lmdeploy"}, {NULL, NULL}};
static const char *const images[] = {"lmdeploy", NULL};

static const vf_spelling rows[] = {
    {"model", ""},
    {"ctx", "--session-len"},
    {"dtype", "--dtype", .value = "auto:auto float16:f16 bfloat16:bf16", .measure = VF_MEASURE_MAP,
     .strict = true},
    {"kv", "--quant-policy", .value = "0:auto 4:int4 8:int8 16:fp8_e4m3 17:fp8_e5m2",
     .measure = VF_MEASURE_MAP},
    {"tp", "--tp"},
    {"dp", "--dp"},
    {"ep", "--ep"},
    {"gpu-memory-utilization", "--cache-max-entry-count"},
    {"max-num-seqs", "--max-batch-size"},
    {"max-num-batched-tokens", "--max-prefill-token-num"},
    {"block-size", "--cache-block-seq-len --block-size"},
    {"prefix-caching", "--enable-prefix-caching", .value = "on", .form = VF_FORM_BARE},
    {"enforce-eager", "--eager-mode", .form = VF_FORM_BARE},
    {"language-model-only", "--language-model-only", .form = VF_FORM_BARE},
    {"quant", "--model-format"},
    {"spec-type", "--speculative-algorithm"},
    {"draft", "--speculative-draft-model"},
    {"spec-tokens", "--speculative-num-draft-tokens"},
    /* May move memory, and no parameter stands for it. */
    {.words = "--backend --cp --adapters --num-tokens-per-iter --max-prefill-iters "
              "--prefix-cache-state-budget --prefix-cache-decode-state-interval "
              "--vision-max-batch-size --rope-scaling-factor --hf-overrides --device "
              "--communicator --nnodes --revision --role",
     .effect = VF_EFFECT_UNREAD},
    {.words = "--enable-microbatch --enable-eplb",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_UNREAD},
    {.words = "--cudagraph-capture-batch-sizes", .form = VF_FORM_MANY, .effect = VF_EFFECT_UNREAD},
    /* Move nothing. */
    {.words = "--server-name --server-port --model-name --chat-template --log-level --max-log-len "
              "--tool-call-parser --reasoning-parser --api-keys --proxy-url --download-dir "
              "--max-concurrent-requests --node-rank --dist-init-addr --logprobs-mode "
              "--migration-backend --distributed-executor-backend",
     .effect = VF_EFFECT_NONE},
    {.words = "--trust-remote-code --disable-fastapi-docs --disable-metrics --ssl "
              "--allow-terminate-by-client --enable-abort-handling",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_NONE},
};

const vf_dialect vf_dialect_lmdeploy = {
    .name = "LMDeploy",
    .programs = programs,
    .images = images,
    .rules = VF_DIALECT_PREFIXES | VF_DIALECT_EQUALS,
    .rows = rows,
    .n_rows = sizeof rows / sizeof *rows,
};
