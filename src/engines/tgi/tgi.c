/* tgi.c - text-generation-inference: what a warm-up leaves of nine tenths of the memory.
 *
 * Tree db931fcf (2026-01-08, v3.3.7; the project is in maintenance): the pool is what is free after
 * a prefill of max_batch_prefill_tokens, less a tenth of the total (TGI_WIGGLE_ROOM 0.90); the CUDA
 * context counts. */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "engines/admission.h"
#include "engines/companions.h"
#include "engines/engine.h"
#include "engines/ranks.h"

enum { NEWEST = 3003007 /* as vf_ranks_version() counts */ };

enum { FRACTION_PPM = 1000000, WIGGLE_PERMILLE = 900, PREFILL_TOKENS = 4096, MAX_REQUESTS = 128 };

static const char *const checkpoints[] = {
    "awq", "gptq", "fp8", "fbgemm_fp8", "compressed-tensors", "bitsandbytes", "exl2", NULL};

static const vf_kernel_rules kernels = {"TGI", checkpoints, false, false, false, 80};

/* models/flash_causal_lm.py: float16, unless the model or --dtype says bfloat16;
 * launcher/src/main.rs compares no length with the model's. */
static const vf_admission admission = {.narrows = true, .narrows_to_f16 = true};

/* server/text_generation_server/cli.py: both say what the numbers become. */
static void check_dtype(vf_ranks *s) {
  const char *method = s->model->checkpoint;
  if (s->request->dtype == VF_FORMAT_NONE || method[0] == '\0') return;
  if (strcmp(method, "bitsandbytes") != 0)
    vf_ranks_refuse(s, "dtype-refused", "only one of --dtype and --quantize can be set");
}

static void resolve(vf_ranks *s) {
  const vf_request *r = s->request;
  vf_ranks_formats(s, VF_FORMAT_NONE);
  s->batch_tokens = r->max_num_batched_tokens != 0 ? r->max_num_batched_tokens : PREFILL_TOKENS;
  s->w->memory_fraction_ppm = r->memory_fraction_ppm != 0 ? r->memory_fraction_ppm : FRACTION_PPM;
  s->w->max_num_batched_tokens = s->w->ubatch_tokens = s->batch_tokens;
  s->w->max_num_seqs = r->max_num_seqs != 0 ? r->max_num_seqs : MAX_REQUESTS;
  s->w->block_size = r->block_size != 0 ? r->block_size : 1; /* flashinfer's */
  if (s->w->seqs > s->w->max_num_seqs) vf_ranks_crowd(s, s->w->max_num_seqs);
}

/* Windows are not used to save cache: every layer keeps all tokens. */
static uint64_t token_bytes(const vf_ranks *s) {
  vf_ranks_cell c = vf_ranks_cell_of(s);
  return c.full_bytes + c.window_bytes;
}

static vf_amount activation(const vf_ranks *s, uint32_t device) {
  uint64_t act = vf_ranks_forward_bytes(s, s->batch_tokens);
  (void)device;
  return vf_amount_within((vf_interval){act / 2, act, act + act / 2}, VF_BASIS_MODELLED,
                          "warm-up prefill");
}

/* Captured after the cache is made: in the tenth that is left. */
static vf_amount graphs(const vf_ranks *s, uint32_t device) {
  vf_amount a = {
      {50 * VF_MIB, 300 * VF_MIB, 1000 * VF_MIB}, VF_BASIS_ASSUMED, "beside the pool", true};
  (void)device;
  return s->request->enforce_eager ? vf_amount_exact(0, "") : a;
}

static vf_amount context(const vf_ranks *s, uint32_t device) {
  return vf_amount_within(s->e->devices[device].device.context, VF_BASIS_ASSUMED, "");
}

/* A request reserves what it may have and what it speculates (queue.rs). */
static uint64_t slots_each(const vf_ranks *s) {
  return s->w->requested_ctx_tokens + s->request->spec_tokens;
}

static vf_amount kv_cache(const vf_ranks *s, uint32_t device) {
  uint64_t cache = 0;
  (void)device;
  if (!vf_mul3(&cache, s->w->seqs, slots_each(s), token_bytes(s))) s->e->overflow = true;
  return vf_amount_exact(cache, "slots of the token pool");
}

static void say_tensors(const vf_ranks *s, const vf_line *line, vf_text *out) {
  (void)line;
  vf_text_printf(out, "sum of this rank's tensors, of %zu in %s", s->model->n_tensors,
                 s->model->quant);
  if (s->tp > 1) vf_text_printf(out, ": columns and rows by %" PRIu32 " shards", s->tp);
}

static void say_cache(const vf_ranks *s, const vf_line *line, vf_text *out) {
  (void)line;
  vf_text_printf(out, "%" PRIu32 " × ", s->w->seqs);
  vf_text_thousands(out, slots_each(s));
  vf_text_printf(out, " tokens × %" PRIu64 " B; windows save nothing", token_bytes(s));
}

static void say_activation(const vf_ranks *s, const vf_line *line, vf_text *out) {
  (void)line;
  vf_text_printf(
      out, "%" PRIu32 " tokens × (4 × %" PRIu64 " + 3 × feed-forward / shards) × %" PRIu32 " B",
      s->batch_tokens, s->model->n_embd, s->number_bytes);
}

static const vf_term terms[] = {
    {"weights", VF_PART_WEIGHTS, vf_companion_weights, .words = say_tensors,
     .source = "server/text_generation_server/layers/tensor_parallel.py"},
    VF_SLACK_TERM(vf_companion_slack),
    {"tower", VF_PART_WEIGHTS, vf_ranks_tower, "for images or sound, not described",
     .source = "the config tells of one, not of its tensors"},
    {"activation", VF_PART_COMPUTE, activation, .words = say_activation,
     .source = "models/flash_causal_lm.py: warmup, max_batch_prefill_tokens"},
    {"cuda_graphs", VF_PART_COMPUTE, graphs, "graphs of batches of 1 to 32 (--cuda-graphs)",
     .source = "models/flash_causal_lm.py: after init_kv_cache; nobody's log at hand"},
    {"cuda_context", VF_PART_RUNTIME, context, "the process: what is free counts, so it does",
     .source = "measured; the device's catalog entry"},
    VF_LINKS_TERM,
    {"kv_cache", VF_PART_KV_CACHE, kv_cache, .words = say_cache,
     .source = "models/flash_causal_lm.py: init_kv_cache"},
    VF_COMPANION_TERMS,
    {.id = NULL},
};

static void set_pool(vf_ranks *s, uint32_t device) {
  vf_device_budget *b = &s->e->devices[device];
  uint64_t cache = b->part_bytes[VF_PART_KV_CACHE], total = vf_ranks_total(&b->device);
  uint64_t ppm = (uint64_t)s->w->memory_fraction_ppm * WIGGLE_PERMILLE / 1000;
  uint64_t budget = vf_shard_part(total, ppm, 1000000), cell = token_bytes(s);
  uint64_t low = b->need.high_bytes - cache, taken = b->need.bytes - cache;
  uint64_t high = b->need.low_bytes - cache;
  vf_interval pool = {budget > low ? budget - low : 0, budget > taken ? budget - taken : 0,
                      budget > high ? budget - high : 0};
  uint64_t most = UINT64_MAX; /* --max-batch-total-tokens fixes the pool */
  if (s->request->pool_tokens != 0 && vf_mul(&most, s->request->pool_tokens, cell))
    pool = (vf_interval){vf_min_u64(pool.low_bytes, most), vf_min_u64(pool.bytes, most),
                         vf_min_u64(pool.high_bytes, most)};
  vf_ranks_set_budget(s, device, total, budget);
  vf_ranks_set_pool(s, device, pool, cell == 0 ? 0 : pool.bytes / cell);
  if (pool.bytes == 0) s->w->starts = false;
}

static vf_status estimate(vf_estimate *e, const vf_request *request, vf_error *err) {
  vf_ranks s = {.e = e, .model = e->model, .request = request, .w = &e->workload, .name = "TGI"};
  vf_status status = vf_ranks_begin(&s, NEWEST, err);
  if (status == VF_OK) status = vf_ranks_admit(&s, &admission, err);
  if (status == VF_OK) check_dtype(&s);
  if (status == VF_OK) status = vf_ranks_check(&s, &kernels, err);
  if (status == VF_OK && (s.pp > 1 || s.dp > 1))
    status = vf_fail(err, VF_UNSUPPORTED, "TGI shares a model by tensor parallelism alone");
  if (status != VF_OK) return status;
  resolve(&s);
  s.shard = (vf_shard){.tp = s.tp,
                       .expert_tp = s.tp,
                       .expert_ranks = 1,
                       .vocab_multiple = 1,
                       .number_bytes = s.number_bytes};
  vf_shard_stage(&s.shard, s.model, VF_STAGE_BEFORE_LAST, 1, 0);
  for (uint32_t i = 0; i + 1 < e->n_devices; i++) {
    vf_terms_add(&s, i, false);
    if (!e->overflow && e->devices[i].device.total_known) set_pool(&s, i);
  }
  vf_plan_keep(&s, sizeof s);
  vf_ranks_assume(&s, NULL, NULL);
  return VF_OK;
}

static bool knows(const char *version) {
  uint32_t v = vf_ranks_version(version);
  return v >= 1000000 && v < 4000000;
}

static const char *const aliases[] = {"text-generation-inference", NULL};

static const vf_quant_alias quants[] = {
    {"fp16", "F16"}, {"float16", "F16"}, {"bfloat16", "BF16"}, {"q4", "awq"},
    {"4bit", "awq"}, {"q8", "fp8"},      {"8bit", "fp8"},      {NULL, NULL},
};

static const char *const ladder[] = {"BF16", "fp8", "awq", NULL};

const vf_engine vf_engine_tgi = {
    .name = "tgi",
    .aliases = aliases,
    .dialect = &vf_dialect_tgi,
    .version = "v3.3.7",
    .checked = "2026-01-08",
    .quants = quants,
    .max_seqs = MAX_REQUESTS * 64,
    .ladder = ladder,
    .pools = true,
    .knows = knows,
    .decodes = VF_DECODES_GRAPHS,
    .estimate = estimate,
    .terms = terms,
    .explain = vf_terms_explain,
};
