/* transformers.c - transformers' generate(): caches that grow by the token, no paging.
 *
 * cache_utils.py at 004999d (late 2025): a DynamicCache holds what every sequence has, in the
 * model's type, layers with a window their last tokens less one; latent attention is cached
 * expanded, per head.  Several GPUs hold whole layers (accelerate's device_map). */
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "core/format.h"
#include "engines/engine.h"
#include "engines/ranks.h"
#include "engines/torch.h"

enum { NEWEST = 4057000 /* as vf_ranks_version() counts */ };

enum {
  CUBLAS_WORKSPACE_MIB = 32,
  LAST_LOGITS = 4045000, /* since 4.45 generate() makes logits of the last token alone */
};

static const char *const checkpoints[] = {
    "awq",        "gptq",  "fp8",     "fbgemm_fp8", "compressed-tensors", "mxfp4", "bitsandbytes",
    "auto-round", "quark", "torchao", NULL};

static const vf_kernel_rules kernels = {"transformers", checkpoints, false, false};

/* One sequence in one layer: keys and values of every head, also where the model has a latent. */
static uint64_t layer_bytes(const vf_ranks *s, const vf_cache_layer *c) {
  const vf_layer *l = &s->model->layers[c->layer];
  uint64_t tokens = s->w->requested_ctx_tokens, heads = c->n_kv_heads, k = c->k_dim, v = c->v_dim;
  if (c->kind == VF_CACHE_STATE) return (c->conv + c->state) * s->number_bytes;
  if (c->kind == VF_CACHE_LATENT) {
    heads = l->n_heads;
    k = l->k_dim;
    v = l->v_dim;
  }
  if (c->kind == VF_CACHE_WINDOW && c->window > 0) tokens = vf_min_u64(tokens, c->window - 1);
  uint64_t bytes;
  if (!vf_mul3(&bytes, tokens, heads,
               vf_format_row_ceil(s->w->kv_k, k) + vf_format_row_ceil(s->w->kv_v, v)))
    s->e->overflow = true;
  return s->e->overflow ? 0 : bytes;
}

/* Growing copies one layer's keys or values: old and new are alive together. */
static void add_cache(vf_ranks *s, uint32_t device) {
  uint64_t sum = 0, states = 0, largest = 0, seqs = s->w->seqs;
  for (size_t i = 0; i < s->model->n_caches; i++) {
    const vf_cache_layer *c = &s->model->caches[i];
    if (c->layer < s->shard.first_layer || c->layer >= s->shard.end_layer) continue;
    uint64_t bytes = layer_bytes(s, c), *part = c->kind == VF_CACHE_STATE ? &states : &sum;
    if (!vf_mul(&bytes, bytes, seqs) || !vf_add(part, *part, bytes)) s->e->overflow = true;
    if (c->kind != VF_CACHE_STATE) largest = vf_max_u64(largest, bytes / 2);
  }
  if (s->e->overflow) return;
  vf_ranks_add(s, device, VF_PART_KV_CACHE, "kv_cache", vf_exactly(sum), VF_BASIS_EXACT,
               vf_format_get(s->w->kv_k)->name);
  vf_ranks_add(s, device, VF_PART_STATE, "recurrent_state", vf_exactly(states), VF_BASIS_EXACT, "");
  vf_ranks_add(s, device, VF_PART_KV_CACHE, "cache_growth", (vf_interval){0, 0, largest},
               VF_BASIS_MODELLED, "one layer's copy while the cache grows");
}

/* Scores of every pair of tokens, where no fused kernel makes attention. */
static uint64_t eager_bytes(const vf_ranks *s) {
  uint64_t pairs, bytes = 0, heads = 0;
  if (s->request->flash_attn != VF_OFF) return 0;
  for (uint32_t i = s->shard.first_layer; i < s->shard.end_layer; i++)
    heads = vf_max_u64(heads, s->model->layers[i].n_heads);
  if (!vf_mul(&pairs, s->w->requested_ctx_tokens, s->w->requested_ctx_tokens) ||
      !vf_mul3(&bytes, pairs, heads * s->w->seqs, s->number_bytes + 4))
    s->e->overflow = true;
  return bytes;
}

/* Logits of the whole prompt, in the model's type and in 32 bits. */
static uint64_t prompt_logits_bytes(const vf_ranks *s, uint64_t prompt) {
  uint32_t version = vf_ranks_version(s->e->version);
  uint64_t bytes = 0;
  if (version == 0 || version >= LAST_LOGITS || !s->shard.last) return 0;
  if (!vf_mul3(&bytes, prompt, s->model->n_vocab, s->number_bytes + 4)) s->e->overflow = true;
  return bytes;
}

/* At least what one token takes; at most the whole prompt in one pass, as generate() does it. */
static void add_compute(vf_ranks *s, uint32_t device) {
  uint64_t prompt, decode = CUBLAS_WORKSPACE_MIB * VF_MIB, all;
  uint64_t row = s->model->n_vocab * (s->number_bytes + 8);
  if (!vf_mul(&prompt, s->w->requested_ctx_tokens, s->w->seqs)) s->e->overflow = true;
  if (s->e->overflow) return;
  all = vf_ranks_forward_bytes(s, prompt);
  if (!vf_add(&all, all, eager_bytes(s)) || !vf_add(&all, all, prompt_logits_bytes(s, prompt)))
    s->e->overflow = true;
  if (s->e->overflow) return;
  if (strcmp(s->model->checkpoint, "") != 0) decode += vf_ranks_unpacked_bytes(s);
  decode += s->w->seqs * row;
  vf_ranks_add(s, device, VF_PART_COMPUTE, "activation",
               (vf_interval){decode, decode, decode + all}, VF_BASIS_MODELLED,
               "one token, to the whole prompt in one pass");
}

static void add_stage(vf_ranks *s, uint32_t device, uint32_t stages) {
  const vf_device *d = &s->e->devices[device].device;
  vf_shard_stage(&s->shard, s->model, VF_STAGE_FIRST, stages, device);
  vf_ranks_add_weights(s, device, false, false);
  add_cache(s, device);
  if (!s->e->overflow) add_compute(s, device);
  vf_ranks_add(s, device, VF_PART_RUNTIME, "cuda_context", d->context, VF_BASIS_ASSUMED,
               "context, libraries");
}

static vf_status estimate(vf_estimate *e, const vf_request *request, vf_error *err) {
  vf_ranks s = {
      .e = e, .model = e->model, .request = request, .w = &e->workload, .name = "transformers"};
  vf_status status = vf_ranks_begin_by_layers(
      &s, NEWEST, &kernels, "only device_map is known, which gives each GPU whole layers", err);
  if (status != VF_OK) return status;
  s.w->ubatch_tokens = 1;
  for (uint32_t i = 0; i < s.pp; i++) add_stage(&s, i, s.pp);
  vf_ranks_assume(&s, NULL, NULL);
  return VF_OK;
}

static bool knows(const char *version) {
  uint32_t v = vf_ranks_version(version);
  return v >= 4000000 && v < 6000000;
}

static const char *const aliases[] = {"hf", "huggingface", NULL};

static const vf_quant_alias quants[] = {
    {"fp16", "F16"}, {"float16", "F16"}, {"bfloat16", "BF16"}, {"fp32", "F32"}, {"q4", "nf4"},
    {"4bit", "nf4"}, {"q8", "bnb-8bit"}, {"8bit", "bnb-8bit"}, {NULL, NULL},
};

static const char *const ladder[] = {"BF16", "bnb-8bit", "nf4", NULL};

const vf_engine vf_engine_transformers = {
    .name = "transformers",
    .aliases = aliases,
    .version = "4.57",
    .checked = "2025-12-01",
    .quants = quants,
    .max_seqs = VF_MAX_SEQS,
    .ladder = ladder,
    .knows = knows,
    .estimate = estimate,
    .explain = vf_ranks_explain,
};
