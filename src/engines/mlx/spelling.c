/* spelling.c - the words of mlx_lm.server.
 *
 * Source: mlx_lm/server.py of 2026-08 (argparse).  --kv-bits is mlx_lm.generate's
 * alone. */
#include "engines/spelling.h"

static const vf_program programs[] = {{"mlx_lm.server", "mlx"},    {"mlx_lm server", "mlx"},
                                      {"-m mlx_lm.server", "mlx"}, {"-m mlx_lm server", "mlx"},
                                      {"mlx_lm.generate", "mlx"},  {NULL, NULL}};
static const char *const images[] = {NULL};

static const vf_spelling rows[] = {
    {"model", "--model"},
    {"max-num-batched-tokens", "--prefill-step-size"},
    {"draft", "--draft-model"},
    {"spec-tokens", "--num-draft-tokens"},
    {"kv", "--kv-bits", .value = "4:int4 8:int8", .measure = VF_MEASURE_MAP, .silent = true},
    /* Of mlx_lm.generate: the cache turns around there. */
    {"ctx", "--max-kv-size", .silent = true},
    /* May move memory, and no parameter stands for it. */
    {.words = "--adapter-path --decode-concurrency --prompt-concurrency --prompt-cache-size "
              "--prompt-cache-bytes --kv-group-size --quantized-kv-start "
              "--max-tokens",
     .effect = VF_EFFECT_UNREAD},
    /* Move nothing. */
    {.words = "--host --port --allowed-origins --log-level --chat-template --temp --top-p --top-k "
              "--min-p --chat-template-args --prompt",
     .effect = VF_EFFECT_NONE},
    {.words = "--trust-remote-code --use-default-chat-template --pipeline",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_NONE},
};

const vf_dialect vf_dialect_mlx = {
    .name = "MLX-LM",
    .programs = programs,
    .images = images,
    .rules = VF_DIALECT_PREFIXES | VF_DIALECT_EQUALS,
    .rows = rows,
    .n_rows = sizeof rows / sizeof *rows,
};
