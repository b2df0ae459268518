/* spelling.c - the words of Text Generation Inference's launcher.
 *
 * Source: launcher/src/main.rs (clap: exact names, "--x=V"; every option is a variable, too, in
 * upper case with underscores, and the line counts more).  --max-total-tokens is of one request. */
#include "engines/spelling.h"

static const vf_program programs[] = {{"text-generation-launcher", "tgi"}, {NULL, NULL}};
static const char *const images[] = {"text-generation-inference", NULL};

static const vf_spelling rows[] = {
    {"model", "--model-id", .env = "MODEL_ID"},
    {"ctx", "--max-total-tokens", .env = "MAX_TOTAL_TOKENS"},
    {"quant", "--quantize", .env = "QUANTIZE"},
    {"dtype", "--dtype", .env = "DTYPE", .value = "float16:f16 bfloat16:bf16",
     .measure = VF_MEASURE_MAP, .strict = true},
    {"kv", "--kv-cache-dtype", .env = "KV_CACHE_DTYPE", .value = "fp8_e4m3fn:fp8_e4m3",
     .measure = VF_MEASURE_MAP},
    {"tp", "--num-shard", .env = "NUM_SHARD"},
    {"gpu-memory-utilization", "--cuda-memory-fraction", .env = "CUDA_MEMORY_FRACTION"},
    {"max-num-batched-tokens", "--max-batch-prefill-tokens", .env = "MAX_BATCH_PREFILL_TOKENS"},
    {"enforce-eager", "--cuda-graphs", .env = "CUDA_GRAPHS", .value = "0:on *:off",
     .measure = VF_MEASURE_MAP, .silent = true},
    {"spec-tokens", "--speculate", .env = "SPECULATE"},
    {"pool-tokens", "--max-batch-total-tokens", .env = "MAX_BATCH_TOTAL_TOKENS"},
    /* May move memory, and no parameter stands for it. */
    {.words = "--max-input-tokens", .env = "MAX_INPUT_TOKENS", .effect = VF_EFFECT_UNREAD},
    {.words = "--max-input-length", .env = "MAX_INPUT_LENGTH", .effect = VF_EFFECT_UNREAD},
    {.words = "--max-batch-size", .env = "MAX_BATCH_SIZE", .effect = VF_EFFECT_UNREAD},
    {.words = "--rope-scaling", .env = "ROPE_SCALING", .effect = VF_EFFECT_UNREAD},
    {.words = "--rope-factor", .env = "ROPE_FACTOR", .effect = VF_EFFECT_UNREAD},
    {.words = "--lora-adapters", .env = "LORA_ADAPTERS", .effect = VF_EFFECT_UNREAD},
    {.words = "--max-concurrent-requests",
     .env = "MAX_CONCURRENT_REQUESTS",
     .effect = VF_EFFECT_UNREAD},
    {.words = "--max-best-of", .env = "MAX_BEST_OF", .effect = VF_EFFECT_UNREAD},
    {.words = "--revision", .env = "REVISION", .effect = VF_EFFECT_UNREAD},
    {.words = "--sharded", .env = "SHARDED", .effect = VF_EFFECT_UNREAD},
    {.words = "--max-client-batch-size",
     .env = "MAX_CLIENT_BATCH_SIZE",
     .effect = VF_EFFECT_UNREAD},
    /* Move nothing. */
    {.words = "--hostname --port -p --prometheus-port --shard-uds-path --master-addr "
              "--master-port --huggingface-hub-cache --weights-cache-override "
              "--validation-workers --waiting-served-ratio --max-waiting-tokens "
              "--max-stop-sequences --max-top-n-tokens --otlp-endpoint --otlp-service-name "
              "--cors-allow-origin --api-key --tokenizer-config-path --payload-limit "
              "--usage-stats --watermark-gamma --watermark-delta --ngrok-authtoken --ngrok-edge "
              "--graceful-termination-timeout",
     .effect = VF_EFFECT_NONE},
    {.words = "--trust-remote-code --json-output --disable-custom-kernels "
              "--disable-grammar-support --env --ngrok --disable-crash-dumps",
     .form = VF_FORM_BARE,
     .effect = VF_EFFECT_NONE},
};

const vf_dialect vf_dialect_tgi = {
    .name = "TGI",
    .programs = programs,
    .images = images,
    .takes_all_gpus = true, /* launcher: num_shard is the number of visible GPUs */
    .rules = VF_DIALECT_EQUALS,
    .rows = rows,
    .n_rows = sizeof rows / sizeof *rows,
};
