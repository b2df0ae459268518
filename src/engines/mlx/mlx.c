/* mlx.c - MLX-LM on Apple silicon: caches that grow in steps, logits of whole prompt chunks.
 *
 * mlx-lm d78bf58e (2026-08-22), mlx 846d17622: mlx_lm/models/cache.py for the steps of 256 tokens,
 * mlx/backend/metal/allocator.cpp:59-65 for the limits (wired memory: the recommended working set).
 * The peak is that of the prompt's chunks, whose logits are computed whole. */
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "core/format.h"
#include "engines/engine.h"
#include "engines/ranks.h"

enum { NEWEST = 31003 /* as vf_ranks_version() counts */ };

enum { STEP_TOKENS = 256, PREFILL_TOKENS = 2048 };

static const char *const checkpoints[] = {"mlx", NULL};

static const vf_kernel_rules kernels = {"MLX-LM", checkpoints, false, false};

/* --kv-bits: values in groups of 64 with a scale and a bias in 16 bits each. */
static uint64_t row_bytes(vf_format format, uint64_t elements) {
  bool grouped = format == VF_FORMAT_INT8 || format == VF_FORMAT_INT4;
  uint64_t bytes = vf_format_row_ceil(format, elements);
  return grouped ? bytes + elements / 64 * 4 : bytes;
}

static uint64_t cache_bytes(const vf_ranks *s, bool states) {
  uint64_t tokens = (s->w->requested_ctx_tokens + STEP_TOKENS - 1) / STEP_TOKENS * STEP_TOKENS;
  uint64_t sum = 0;
  for (size_t i = 0; i < s->model->n_caches; i++) {
    const vf_cache_layer *c = &s->model->caches[i];
    uint64_t bytes, kept = tokens;
    if ((c->kind == VF_CACHE_STATE) != states) continue;
    if (c->kind == VF_CACHE_WINDOW)
      kept = vf_min_u64(tokens, (uint64_t)c->window + s->batch_tokens - 1);
    bytes = (c->conv + c->state) * s->number_bytes;
    if (!states && !vf_mul3(&bytes, kept, c->n_kv_heads,
                            row_bytes(s->w->kv_k, c->k_dim) + row_bytes(s->w->kv_v, c->v_dim)))
      s->e->overflow = true;
    if (!vf_mul(&bytes, bytes, s->w->seqs) || !vf_add(&sum, sum, bytes)) s->e->overflow = true;
  }
  return sum;
}

/* Logits of a chunk in the model's type, and its hidden states. */
static vf_interval peak_bytes(const vf_ranks *s) {
  uint64_t tokens = vf_min_u64(s->batch_tokens, s->w->requested_ctx_tokens);
  uint64_t logits = tokens * s->model->n_vocab * s->number_bytes;
  uint64_t hidden = 2 * tokens * s->model->n_embd * s->number_bytes;
  uint64_t forward = vf_ranks_forward_bytes(s, tokens), low = logits / 2;
  return (vf_interval){low, logits + hidden, logits + hidden + forward};
}

static vf_status resolve(vf_ranks *s, vf_error *err) {
  const vf_request *r = s->request;
  if (s->e->n_devices > 2 || r->tp > 1 || r->pp > 1 || r->dp > 1)
    return vf_fail(err, VF_UNSUPPORTED, "MLX-LM on several machines is not known");
  if (s->e->n_devices == 2 && s->e->devices[0].device.backend != VF_BACKEND_METAL)
    vf_estimate_assume(s->e, "not-metal", "MLX is estimated as on Metal");
  vf_status status = vf_ranks_begin(s, NEWEST, err);
  if (status == VF_OK) status = vf_kernels_check(s->e, &kernels, err);
  if (status != VF_OK) return status;
  vf_ranks_formats(s, VF_FORMAT_NONE);
  s->batch_tokens = r->max_num_batched_tokens != 0 ? r->max_num_batched_tokens : PREFILL_TOKENS;
  s->w->tp = s->w->pp = s->w->dp = s->w->ep = 0;
  s->w->ubatch_tokens = s->batch_tokens;
  s->shard = (vf_shard){.tp = 1,
                        .expert_tp = 1,
                        .expert_ranks = 1,
                        .vocab_multiple = 1,
                        .number_bytes = s->number_bytes};
  vf_shard_stage(&s->shard, s->model, VF_STAGE_FIRST, 1, 0);
  return VF_OK;
}

static vf_status estimate(vf_estimate *e, const vf_request *request, vf_error *err) {
  vf_ranks s = {.e = e, .model = e->model, .request = request, .w = &e->workload, .name = "MLX-LM"};
  vf_status status = resolve(&s, err);
  if (status != VF_OK) return status;
  uint64_t cache = cache_bytes(&s, false), states = cache_bytes(&s, true);
  if (e->overflow) return VF_OK;
  vf_ranks_add(&s, 0, VF_PART_WEIGHTS, "weights", vf_exactly(vf_shard_weights(&s.shard, s.model)),
               VF_BASIS_EXACT, "");
  vf_ranks_add(&s, 0, VF_PART_KV_CACHE, "kv_cache", vf_exactly(cache), VF_BASIS_EXACT,
               "in steps of 256 tokens");
  vf_ranks_add(&s, 0, VF_PART_STATE, "recurrent_state", vf_exactly(states), VF_BASIS_EXACT, "");
  vf_ranks_add(&s, 0, VF_PART_COMPUTE, "activation", peak_bytes(&s), VF_BASIS_MODELLED,
               "logits of a chunk of the prompt");
  vf_ranks_assume(&s, NULL, NULL);
  return VF_OK;
}

static bool knows(const char *version) {
  uint32_t v = vf_ranks_version(version);
  return v >= 1 && v < 1000000;
}

static const char *const aliases[] = {"mlx-lm", "mlx_lm", NULL};

static const vf_quant_alias quants[] = {
    {"fp16", "F16"},      {"float16", "F16"},   {"bfloat16", "BF16"}, {"fp32", "F32"},
    {"q2", "mlx-2bit"},   {"q3", "mlx-3bit"},   {"q4", "mlx-4bit"},   {"q5", "mlx-5bit"},
    {"q6", "mlx-6bit"},   {"q8", "mlx-8bit"},   {"2bit", "mlx-2bit"}, {"3bit", "mlx-3bit"},
    {"4bit", "mlx-4bit"}, {"5bit", "mlx-5bit"}, {"6bit", "mlx-6bit"}, {"8bit", "mlx-8bit"},
    {NULL, NULL},
};

static const char *const ladder[] = {"BF16",     "mlx-8bit", "mlx-6bit", "mlx-5bit",
                                     "mlx-4bit", "mlx-3bit", NULL};

const vf_engine vf_engine_mlx = {
    .name = "mlx",
    .aliases = aliases,
    .dialect = &vf_dialect_mlx,
    .version = "0.31.3",
    .checked = "2026-08-22",
    .quants = quants,
    .max_seqs = VF_MAX_SEQS,
    .most_devices = 1,
    .ladder = ladder,
    .knows = knows,
    .decodes = VF_DECODES_LAUNCHED,
    .estimate = estimate,
    .explain = vf_ranks_explain,
};
