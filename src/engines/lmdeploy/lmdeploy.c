/* lmdeploy.c - LMDeploy: a share of what is free once the weights are there.
 *
 * 1263d5c (0.16.0, 2026-08-21): src/turbomind/turbomind.cc (CreateEngine) and, for its PyTorch
 * backend, lmdeploy/pytorch/engine/executor/base.py; defaults of lmdeploy/messages.py.  From 0.2.1
 * on --cache-max-entry-count (0.8) is of the memory that is free after loading; a chunk of a prompt
 * and graphs are not measured and must fit in the rest.  Nobody's log was at hand. */
#include <inttypes.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "engines/admission.h"
#include "engines/companions.h"
#include "engines/engine.h"
#include "engines/ranks.h"

enum {
  OLDEST = 2002, /* as vf_ranks_version() counts: 0.2.2 */
  NEWEST = 16000,
  BLOCK_TOKENS = 64,
  PREFILL_TOKENS = 8192,
  FRACTION_PPM = 800000,
  MAX_BATCH = 256, /* on A100 and larger; 128 elsewhere */
};

static const char *const checkpoints[] = {"awq",   "gptq", "fp8", "compressed-tensors",
                                          "mxfp4", NULL};

static const vf_kernel_rules kernels = {"LMDeploy", checkpoints, false, false};

/* CMakeLists.txt: sm_70 is the oldest; turbomind/converter.py: _resolve_dtype; a session is as long
 * as --session-len says. */
static const vf_admission admission = {
    .least_capability = 70,
    .least_source = "CMakeLists.txt",
    .no_bf16 = VF_NO_BF16_OVERRIDES,
    .narrows = true,
};

/* Keys and values of 4 and 8 bits have a scale and a shift in 16 bits for each head. */
static uint64_t scales_bytes(const vf_ranks *s) {
  bool grouped = s->w->kv_k == VF_FORMAT_INT8 || s->w->kv_k == VF_FORMAT_INT4;
  uint64_t sum = 0;
  for (size_t i = 0; grouped && i < s->model->n_caches; i++) {
    const vf_cache_layer *c = &s->model->caches[i];
    if (c->kind != VF_CACHE_STATE && c->kind != VF_CACHE_LATENT)
      sum += vf_shard_kv_heads(c->n_kv_heads, s->tp) * UINT64_C(2) * 4;
  }
  return sum;
}

/* Windows save nothing: every layer keeps all tokens. */
static uint64_t token_bytes(const vf_ranks *s) {
  vf_ranks_cell c = vf_ranks_cell_of(s);
  return c.full_bytes + c.window_bytes + scales_bytes(s);
}

static uint64_t replica_seqs(const vf_ranks *s) {
  return (s->w->seqs + s->dp - 1) / s->dp;
}

/* TurboMind cuts the table of tokens and the output; the PyTorch backend has both whole on every
 * rank (pytorch/models/llama.py: nn.Embedding, build_rowwise_linear without is_tp). */
static vf_amount weights(const vf_ranks *s, uint32_t device) {
  vf_amount a = vf_companion_weights(s, device);
  vf_shard alone = s->shard;
  alone.tp = 1;
  for (size_t i = 0; s->tp > 1 && i < s->model->n_tensors; i++) {
    const vf_tensor *t = &s->model->tensors[i];
    if (t->role != VF_ROLE_TOKEN_EMBD && t->role != VF_ROLE_OUTPUT) continue;
    a.size.high_bytes += vf_shard_tensor(&alone, s->model, t);
    a.size.high_bytes -= vf_shard_tensor(&s->shard, s->model, t);
    a.basis = VF_BASIS_MODELLED;
  }
  return a;
}

static vf_amount kv_cache(const vf_ranks *s, uint32_t device) {
  uint64_t block = s->w->block_size, bytes = 0;
  uint64_t length = (s->w->requested_ctx_tokens + block - 1) / block * block;
  (void)device;
  if (!vf_mul3(&bytes, replica_seqs(s), length, token_bytes(s))) s->e->overflow = true;
  return vf_amount_exact(bytes, "whole blocks of every request");
}

static vf_amount states(const vf_ranks *s, uint32_t device) {
  uint64_t bytes = 0;
  (void)device;
  if (!vf_mul(&bytes, replica_seqs(s), vf_ranks_cell_of(s).state_bytes)) s->e->overflow = true;
  return vf_amount_exact(bytes, "one slot per request");
}

static vf_amount context(const vf_ranks *s, uint32_t device) {
  return vf_amount_within(s->e->devices[device].device.context, VF_BASIS_ASSUMED,
                          "context, libraries");
}

/* A chunk's, or the logits in 32 bits of as many requests as may run. */
static vf_amount activation(const vf_ranks *s, uint32_t device) {
  uint64_t logits = (uint64_t)s->w->max_num_seqs * s->model->n_vocab * 4;
  uint64_t act = vf_ranks_forward_bytes(s, s->batch_tokens) + logits;
  vf_amount a = {{act / 2, act, act + act / 2}, VF_BASIS_ASSUMED, "beside the pool", true};
  (void)device;
  return a;
}

static void say_tensors(const vf_ranks *s, const vf_line *line, vf_text *out) {
  (void)line;
  vf_text_printf(out, "sum of this rank's tensors, of %zu in %s", s->model->n_tensors,
                 s->model->quant);
  if (s->tp > 1)
    vf_text_printf(out,
                   ": columns and rows by tp %" PRIu32
                   ", at most with the table of tokens and the output whole",
                   s->tp);
}

static void say_cache(const vf_ranks *s, const vf_line *line, vf_text *out) {
  (void)line;
  vf_text_printf(out, "%" PRIu64 " × ", replica_seqs(s));
  vf_text_thousands(out, s->w->requested_ctx_tokens);
  vf_text_printf(out, " tokens in blocks of %" PRIu32 " × %" PRIu64 " B", s->w->block_size,
                 token_bytes(s));
}

static void say_states(const vf_ranks *s, const vf_line *line, vf_text *out) {
  vf_terms_put_each(out, replica_seqs(s), "request", line->size.bytes);
  vf_text_put(out, ", convolution and state of the recurrent layers here");
}

static void say_activation(const vf_ranks *s, const vf_line *line, vf_text *out) {
  (void)line;
  vf_text_printf(out,
                 "%" PRIu32 " tokens × (4 × %" PRIu64 " + 3 × feed-forward / tp) × %" PRIu32
                 " B and %" PRIu32 " rows of logits × 4 B",
                 s->batch_tokens, s->model->n_embd, s->number_bytes, s->w->max_num_seqs);
}

static const vf_term terms[] = {
    {"weights", VF_PART_WEIGHTS, weights, .words = say_tensors,
     .source = "lmdeploy/turbomind/deploy; lmdeploy/pytorch/nn/linear"},
    VF_SLACK_TERM(vf_companion_slack),
    {"tower", VF_PART_WEIGHTS, vf_ranks_tower, "for images or sound, not described",
     .source = "the config tells of one, not of its tensors"},
    {"cuda_context", VF_PART_RUNTIME, context, "the process: what is free counts, so it does",
     .source = "measured; the device's catalog entry"},
    VF_LINKS_TERM,
    {"kv_cache", VF_PART_KV_CACHE, kv_cache, .words = say_cache,
     .source = "src/turbomind/turbomind.cc: CreateEngine; lmdeploy/messages.py"},
    {"recurrent_state", VF_PART_STATE, states, .words = say_states,
     .source = "lmdeploy/pytorch/engine/executor/base.py: _get_state_cache_mem"},
    {"activation", VF_PART_COMPUTE, activation, .words = say_activation,
     .source = "not measured: must fit in what the share leaves"},
    VF_COMPANION_TERMS,
    {.id = NULL},
};

static vf_status resolve(vf_ranks *s, vf_error *err) {
  const vf_request *r = s->request;
  vf_status status = vf_ranks_begin(s, NEWEST, err);
  if (status == VF_OK && s->version < OLDEST)
    status = vf_fail(err, VF_UNSUPPORTED,
                     "LMDeploy %s is older than what is known: 0.2.2 is the oldest", s->e->version);
  if (status == VF_OK) status = vf_ranks_admit(s, &admission, err);
  if (status == VF_OK) status = vf_ranks_check(s, &kernels, err);
  if (status == VF_OK && s->pp > 1)
    status = vf_fail(err, VF_UNSUPPORTED, "LMDeploy has no pipeline parallelism");
  if (status != VF_OK) return status;
  vf_ranks_formats(s, VF_FORMAT_NONE);
  s->batch_tokens = r->max_num_batched_tokens != 0 ? r->max_num_batched_tokens : PREFILL_TOKENS;
  s->w->memory_fraction_ppm = r->memory_fraction_ppm != 0 ? r->memory_fraction_ppm : FRACTION_PPM;
  s->w->max_num_batched_tokens = s->w->ubatch_tokens = s->batch_tokens;
  s->w->max_num_seqs = r->max_num_seqs != 0 ? r->max_num_seqs : MAX_BATCH;
  s->w->block_size = r->block_size != 0 ? r->block_size : BLOCK_TOKENS;
  if (replica_seqs(s) > s->w->max_num_seqs) vf_ranks_crowd(s, s->w->max_num_seqs * s->dp);
  s->shard = (vf_shard){.tp = s->tp,
                        .expert_tp = s->tp / s->ep,
                        .expert_ranks = s->ep,
                        .vocab_multiple = 1,
                        .number_bytes = s->number_bytes,
                        .no_towers = r->text_only};
  vf_shard_stage(&s->shard, s->model, VF_STAGE_FIRST, 1, 0);
  return VF_OK;
}

static void set_pool(vf_ranks *s, uint32_t device) {
  vf_device_budget *b = &s->e->devices[device];
  uint64_t cache = b->part_bytes[VF_PART_KV_CACHE] + b->part_bytes[VF_PART_STATE], pool[3];
  uint64_t total = vf_ranks_total(&b->device), used = b->device.used_bytes, cell = token_bytes(s);
  const uint64_t taken[3] = {b->need.high_bytes - cache + used, b->need.bytes - cache + used,
                             b->need.low_bytes - cache + used};
  for (int i = 0; i < 3; i++)
    pool[i] =
        total > taken[i] ? vf_shard_part(total - taken[i], s->w->memory_fraction_ppm, 1000000) : 0;
  vf_ranks_set_budget(s, device, total, vf_min_u64(taken[1] - used + pool[1], total));
  vf_ranks_set_pool(s, device, (vf_interval){pool[0], pool[1], pool[2]},
                    cell == 0 ? 0 : pool[1] / cell / s->w->block_size * s->w->block_size);
  if (pool[1] < (uint64_t)s->w->block_size * cell) s->w->starts = false;
}

static vf_status estimate(vf_estimate *e, const vf_request *request, vf_error *err) {
  vf_ranks s = {
      .e = e, .model = e->model, .request = request, .w = &e->workload, .name = "LMDeploy"};
  vf_status status = resolve(&s, err);
  if (status != VF_OK) return status;
  for (uint32_t i = 0; i + 1 < e->n_devices; i++) {
    vf_terms_add(&s, i, false);
    if (!e->overflow && e->devices[i].device.total_known) set_pool(&s, i);
  }
  vf_plan_keep(&s, sizeof s);
  if (request->enforce_eager)
    vf_estimate_assume(e, "eager-mode",
                       "--eager-mode: graphs, which the PyTorch engine alone has, are not counted");
  vf_estimate_assume(e, "never-measured",
                     "LMDeploy's figures follow its source alone: nobody's log was compared");
  vf_ranks_assume(&s, NULL, NULL);
  return VF_OK;
}

static bool knows(const char *version) {
  uint32_t v = vf_ranks_version(version);
  return v != 0 && v <= NEWEST;
}

static const char *const aliases[] = {"turbomind", NULL};

static const char *const ladder[] = {"BF16", "fp8", "awq", NULL};

const vf_engine vf_engine_lmdeploy = {
    .name = "lmdeploy",
    .aliases = aliases,
    .dialect = &vf_dialect_lmdeploy,
    .version = "v0.16.0",
    .checked = "2026-08-21",
    .quants = vf_ranks_quants,
    .max_seqs = MAX_BATCH * 16,
    .ladder = ladder,
    .pools = true,
    .knows = knows,
    .decodes = VF_DECODES_GRAPHS,
    .estimate = estimate,
    .terms = terms,
    .explain = vf_terms_explain,
};
