/* programs.c - the programs that run llama.cpp, and what each of them asks of it.
 *
 * All of them allocate by the same rules; they differ in what they ask for where the user says
 * nothing.  Sources: llama.cpp v0.5.0, tools/server/server.cpp:156 (4 slots, one pool),
 * server-context.cpp:1013 (a row of logits per slot), tools/llama-bench; Ollama fb30760 (v0.33),
 * llm/llama_server.go:348, server/sched.go:517 and 797, server/routes.go:2040. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/units.h"
#include "engines/engine.h"
#include "engines/llamacpp/builds.h"
#include "engines/llamacpp/llamacpp.h"

enum {
  SERVER_SLOTS = 4,
  BENCH_CTX = 640, /* 512 tokens of prompt and 128 more */
  BATCH = 2048,    /* rows of logits of a whole batch */
  OLLAMA_OLD_CTX = 4096,
};

/* ---- llama.cpp's own -------------------------------------------------------------------- */

/* The rules of the build that was named, or of the newest release. */
static vf_status run(vf_estimate *e, const vf_request *request, const char *code, const char *text,
                     vf_error *err) {
  uint32_t build = vf_llamacpp_build(e->workload.engine_version);
  const vf_llamacpp_program program = {{code, text}, false, build};
  if (!vf_llamacpp_is_measured(build))
    vf_estimate_assume(e, "build-between",
                       "the rules of this build are told from the changes listed between builds "
                       "that were compared: its buffers are bounded");
  return vf_llamacpp_estimate(e, request, &program, err);
}

static vf_status estimate_any(vf_estimate *e, const vf_request *request, vf_error *err) {
  if (vf_llamacpp_build(e->workload.engine_version) < VF_BUILD_OUTPUT_ROWS)
    return run(e, request, "program", "llama-server runs it: logits for the whole batch", err);
  return run(e, request, "program",
             "llama-server runs it (--engine llama-cli or ollama names another)", err);
}

/* Without --parallel four slots share one pool; one slot in builds before they could. */
static vf_status estimate_server(vf_estimate *e, const vf_request *request, vf_error *err) {
  vf_request r = *request;
  if (request->seqs != 0)
    return run(e, &r, "program", "llama-server: as many slots as --seqs says", err);
  if (vf_llamacpp_build(e->workload.engine_version) < VF_BUILD_FOUR_SLOTS)
    return run(e, &r, "program", "llama-server: this build has one slot unless --seqs says", err);
  r.seqs = SERVER_SLOTS;
  r.kv_unified = true;
  return run(e, &r, "program", "llama-server: four slots share the context", err);
}

static vf_status estimate_cli(vf_estimate *e, const vf_request *request, vf_error *err) {
  vf_request r = *request;
  r.prompt_cache_bytes = 0;
  return run(e, &r, "program", "llama-cli: one sequence, no cache of past prompts", err);
}

static vf_status estimate_bench(vf_estimate *e, const vf_request *request, vf_error *err) {
  vf_request r = *request;
  r.prompt_cache_bytes = 0;
  if (r.ctx_tokens == 0) r.ctx_tokens = BENCH_CTX;
  if (r.output_rows == 0) r.output_rows = BATCH;
  return run(e, &r, "program",
             "llama-bench: logits for the whole batch; 640 tokens of context unless --ctx says",
             err);
}

/* ---- Ollama ----------------------------------------------------------------------------- */

/* Since 0.30 Ollama starts a llama-server; before it had engines of its own. */
static bool is_old_ollama(const char *version) {
  unsigned major = 0, minor = 0;
  if (version[0] == 'v') version++;
  return sscanf(version, "%3u.%3u", &major, &minor) == 2 && major == 0 && minor < 30;
}

static bool knows_ollama(const char *version) {
  unsigned major = 0, minor = 0;
  if (version[0] == 'v') version++;
  return sscanf(version, "%3u.%3u", &major, &minor) == 2 && major == 0 && minor <= 33;
}

static uint64_t total_bytes(const vf_estimate *e) {
  uint64_t sum = 0;
  for (size_t i = 0; i + 1 < e->n_devices; i++)
    sum += e->devices[i].device.total_bytes - e->devices[i].device.used_bytes;
  return sum;
}

/* By the memory of all GPUs; never more than the model was trained for. */
static uint64_t ollama_ctx(const vf_estimate *e) {
  uint64_t memory = total_bytes(e), most = e->model->max_ctx_tokens;
  uint64_t ctx = memory >= 47 * VF_GIB ? 262144 : memory >= 23 * VF_GIB ? 32768 : OLLAMA_OLD_CTX;
  return most != 0 && most < ctx ? most : ctx;
}

static uint32_t least_kv_heads(const vf_model *m) {
  uint32_t least = 0;
  for (uint32_t i = 0; i < m->n_layers; i++) {
    uint32_t n = m->layers[i].n_kv_heads;
    if (n != 0 && (least == 0 || n < least)) least = n;
  }
  return least;
}

/* What Ollama itself expects, to choose a batch by: the file, and keys and values in 16 bits of
 * heads as wide as the model divided by their number. */
static uint64_t ollama_prediction(const vf_model *m, uint64_t ctx) {
  uint64_t heads = m->n_layers > 0 && m->layers[0].n_heads != 0 ? m->layers[0].n_heads : 1;
  uint64_t row = 2 * (uint64_t)m->n_layers * least_kv_heads(m) * (m->n_embd / heads), cache = 0;
  if (!vf_mul3(&cache, row, ctx, 2)) return UINT64_MAX / 2;
  return vf_model_weights_bytes(m) + cache;
}

static bool takes_batch(uint64_t predicted, uint64_t surcharge, uint64_t percent, uint64_t free) {
  return predicted <= free / 100 * percent && predicted + surcharge <= free / 100 * 80;
}

/* Longer contexts get larger batches, as long as there is room. */
static uint32_t ollama_batch(const vf_estimate *e, uint64_t ctx) {
  uint64_t free = total_bytes(e), predicted = ollama_prediction(e->model, ctx);
  if (ctx > 32768 && takes_batch(predicted, 2 * VF_GIB, 60, free)) return 2048;
  if (ctx > 4096 && takes_batch(predicted, 768 * VF_MIB, 75, free)) return 1024;
  return 512;
}

/* What llama-server keeps of past prompts is its own. */
static void keep_no_prompts(vf_request *r) {
  if (r->prompt_cache_bytes < 0) r->prompt_cache_bytes = 0;
}

static vf_status estimate_ollama(vf_estimate *e, const vf_request *request, vf_error *err) {
  static const vf_llamacpp_program now = {
      {"program", "Ollama starts a llama-server: context and batch by the memory of all GPUs"},
      false,
      VF_BUILD_NEWEST};
  static const vf_llamacpp_program old = {
      {"ollama-old",
       "this Ollama had engines of its own: their buffers are bounded by llama.cpp's"},
      true,
      VF_BUILD_NEWEST,
      false,
      true};
  bool before = is_old_ollama(e->workload.engine_version);
  vf_request r = *request;
  if (r.seqs == 0) r.seqs = 1;
  if (r.ctx_tokens == 0) r.ctx_tokens = ollama_ctx(e);
  if (r.ubatch_tokens == 0) r.ubatch_tokens = before ? 512 : ollama_batch(e, r.ctx_tokens * r.seqs);
  if (before && r.output_rows == 0) r.output_rows = BATCH;
  if (before) keep_no_prompts(&r);
  vf_llamacpp_program program = before ? old : now;
  program.build = vf_ollama_build(e->workload.engine_version);
  return vf_llamacpp_estimate(e, &r, &program, err);
}

/* ---- Others that embed it, or began as it ----------------------------------------------- */

static vf_status estimate_other(vf_estimate *e, const vf_request *request, vf_error *err) {
  static const vf_llamacpp_program other = {
      {"program-defaults",
       "llama.cpp's rules are taken for it, and llama.cpp's defaults for what is not given: which "
       "build it carries is not known"},
      true,
      VF_BUILD_NEWEST};
  vf_request r = *request;
  keep_no_prompts(&r);
  return vf_llamacpp_estimate(e, &r, &other, err);
}

/* It left llama.cpp in 2024: windows keep the whole context, logits are reserved for the batch. */
static vf_status estimate_ik(vf_estimate *e, const vf_request *request, vf_error *err) {
  static const vf_llamacpp_program ik = {
      {"program-fork",
       "a fork of an older llama.cpp: its buffers are bounded by llama.cpp's; -mla, "
       "-amb, -rtr and -fmoe are not modelled"},
      true,
      VF_BUILD_NEWEST,
      true};
  vf_request r = *request;
  r.swa_full = true;
  if (r.output_rows == 0) r.output_rows = BATCH;
  return vf_llamacpp_estimate(e, &r, &ik, err);
}

/* ---- The engines ------------------------------------------------------------------------ */

/* What llama.cpp's users mean by a short name: the recipe of the most common file of that size. */
static const vf_quant_alias quants[] = {
    {"q2", "Q2_K"},         {"q3", "Q3_K_M"},    {"q4", "Q4_K_M"},   {"q5", "Q5_K_M"},
    {"q6", "Q6_K"},         {"q8", "Q8_0"},      {"q4_k", "Q4_K_M"}, {"q5_k", "Q5_K_M"},
    {"q3_k", "Q3_K_M"},     {"fp16", "F16"},     {"half", "F16"},    {"bfloat16", "BF16"},
    {"fp32", "F32"},        {"float16", "F16"},  {"4bit", "Q4_K_M"}, {"8bit", "Q8_0"},
    {"mxfp4", "MXFP4_MOE"}, {"4-bit", "Q4_K_M"}, {"8-bit", "Q8_0"},  {"4", "Q4_K_M"},
    {"5", "Q5_K_M"},        {"6", "Q6_K"},       {"8", "Q8_0"},      {NULL, NULL},
};

/* What convert_hf_to_gguf.py makes of a quantized checkpoint: experts in MXFP4 stay so, everything
 * else is expanded. */
static const vf_quant_alias converts[] = {{"mxfp4", "MXFP4_MOE"}, {"", "BF16"}, {NULL, NULL}};

#define LLAMACPP_ENGINE(symbol, called, also, words, of, date, function, versions, refuses,        \
                        lowers)                                                                    \
  const vf_engine symbol = {.name = called,                                                        \
                            .aliases = also,                                                       \
                            .dialect = words,                                                      \
                            .version = of,                                                         \
                            .checked = date,                                                       \
                            .quants = quants,                                                      \
                            .converts = converts,                                                  \
                            .max_seqs = VF_LLAMACPP_SEQS,                                          \
                            .knows = versions,                                                     \
                            .check = refuses,                                                      \
                            .lowers_ctx = lowers,                                                  \
                            .decodes = VF_DECODES_LAUNCHED,                                        \
                            .estimate = function,                                                  \
                            .explain = vf_llamacpp_explain}

static const char *const plain_names[] = {"llamacpp", "gguf", NULL};
static const char *const server_names[] = {"llama-serve", NULL};
static const char *const cli_names[] = {"llama-run", "llama-completion", NULL};
static const char *const no_names[] = {NULL};
static const char *const ik_names[] = {"ik_llama", "ik-llama.cpp", NULL};
static const char *const kobold_names[] = {"kobold", NULL};
static const char *const studio_names[] = {"lmstudio", NULL};

LLAMACPP_ENGINE(vf_engine_llamacpp, "llama.cpp", plain_names, &vf_dialect_llamacpp, "v0.5.0",
                "2026-09-28", estimate_any, vf_llamacpp_knows, vf_llamacpp_check,
                vf_llamacpp_lowers_ctx);
LLAMACPP_ENGINE(vf_engine_llama_server, "llama-server", server_names, &vf_dialect_llamacpp,
                "v0.5.0", "2026-09-28", estimate_server, vf_llamacpp_knows, vf_llamacpp_check,
                vf_llamacpp_lowers_ctx);
LLAMACPP_ENGINE(vf_engine_llama_cli, "llama-cli", cli_names, &vf_dialect_llamacpp, "v0.5.0",
                "2026-09-28", estimate_cli, vf_llamacpp_knows, vf_llamacpp_check,
                vf_llamacpp_lowers_ctx);
LLAMACPP_ENGINE(vf_engine_llama_bench, "llama-bench", no_names, &vf_dialect_llamacpp, "v0.5.0",
                "2026-09-28", estimate_bench, vf_llamacpp_knows, vf_llamacpp_check, NULL);
LLAMACPP_ENGINE(vf_engine_ik_llama, "ik_llama.cpp", ik_names, &vf_dialect_llamacpp, "as llama.cpp",
                "", estimate_ik, NULL, NULL, NULL);
LLAMACPP_ENGINE(vf_engine_koboldcpp, "koboldcpp", kobold_names, &vf_dialect_koboldcpp,
                "as llama.cpp", "", estimate_other, NULL, NULL, NULL);
LLAMACPP_ENGINE(vf_engine_lm_studio, "lm-studio", studio_names, NULL, "as llama.cpp", "",
                estimate_other, NULL, NULL, NULL);

const vf_engine vf_engine_ollama = {.name = "ollama",
                                    .aliases = no_names,
                                    .dialect = &vf_dialect_ollama,
                                    .version = "v0.33",
                                    .checked = "2026-08-21",
                                    .quants = quants,
                                    .converts = converts,
                                    .tag_quant = "Q4_K_M",
                                    .max_seqs = VF_LLAMACPP_SEQS,
                                    .knows = knows_ollama,
                                    .decodes = VF_DECODES_LAUNCHED,
                                    .estimate = estimate_ollama,
                                    .explain = vf_llamacpp_explain};
