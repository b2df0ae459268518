/* companions.c - weights, drafts and slots for adapters, by arithmetic alone. */
#include "engines/companions.h"

#include "base/checked.h"
#include "base/units.h"
#include "core/format.h"
#include "engines/torch.h"

vf_amount vf_companion_weights(const vf_ranks *s, uint32_t device) {
  vf_interval size = vf_ranks_weights(s);
  (void)device;
  return vf_amount_within(size,
                          size.low_bytes == size.high_bytes ? VF_BASIS_EXACT : VF_BASIS_MODELLED,
                          s->tp > 1 ? "this rank's part" : "");
}

vf_amount vf_companion_slack(const vf_ranks *s, uint32_t device) {
  vf_torch_rule rule = {.fused = true, .reserved = true};
  (void)device;
  return vf_amount_exact(vf_torch_slack(&s->shard, s->model, rule), "");
}

vf_amount vf_companion_links(const vf_ranks *s, uint32_t device) {
  (void)device;
  if (s->tp == 1) return vf_amount_exact(0, "");
  return vf_amount_within((vf_interval){300 * VF_MIB, 1200 * VF_MIB, 2700 * VF_MIB},
                          VF_BASIS_ASSUMED, "NCCL");
}

vf_amount vf_companion_draft(const vf_ranks *s, uint32_t device) {
  const vf_model *m = s->request->draft;
  vf_shard shard = s->shard;
  (void)device;
  if (m == NULL || !shard.last) return vf_amount_exact(0, "");
  vf_shard_stage(&shard, m, VF_STAGE_BEFORE_LAST, 1, 0);
  return vf_amount_exact(vf_shard_weights(&shard, m), "the model that proposes tokens");
}

static uint64_t layer_bytes(const vf_ranks *s, const vf_cache_layer *c) {
  uint64_t tokens = s->w->requested_ctx_tokens, bytes = 0;
  uint64_t heads = c->kind == VF_CACHE_LATENT ? 1 : vf_shard_kv_heads(c->n_kv_heads, s->shard.tp);
  uint64_t row =
      vf_format_row_ceil(s->w->kv_k, c->k_dim) + vf_format_row_ceil(s->w->kv_v, c->v_dim);
  if (c->kind == VF_CACHE_STATE) return (c->conv + c->state) * s->number_bytes;
  if (c->kind == VF_CACHE_WINDOW) tokens = vf_min_u64(tokens, c->window);
  if (!vf_mul3(&bytes, heads, row, tokens)) s->e->overflow = true;
  return bytes;
}

vf_amount vf_companion_draft_cache(const vf_ranks *s, uint32_t device) {
  const vf_model *m = s->request->draft;
  uint64_t sum = 0;
  (void)device;
  for (size_t i = 0; m != NULL && s->shard.last && i < m->n_caches; i++)
    if (!vf_add(&sum, sum, layer_bytes(s, &m->caches[i]))) s->e->overflow = true;
  if (!vf_mul(&sum, sum, s->w->seqs)) s->e->overflow = true;
  return vf_amount_exact(sum, "of the draft");
}

/* One slot of one matrix: A is rank × inputs and B outputs × rank; the cut side of the matrix is
 * cut here, too. */
static uint64_t slot_bytes(const vf_ranks *s, const vf_tensor *t) {
  enum { NUMBER_BYTES = 2 };
  bool attention = t->role >= VF_ROLE_ATTN_Q && t->role <= VF_ROLE_ATTN_OUTPUT;
  bool forward = t->role >= VF_ROLE_FFN_GATE && t->role <= VF_ROLE_FFN_DOWN;
  bool rows = t->role == VF_ROLE_ATTN_OUTPUT || t->role == VF_ROLE_FFN_DOWN ||
              t->role == VF_ROLE_FFN_DOWN_EXPS;
  if (!attention && !forward && !vf_role_is_expert(t->role)) return 0;
  if (t->suffix != VF_SUFFIX_WEIGHT || t->layer < 0) return 0;
  if ((uint32_t)t->layer < s->shard.first_layer || (uint32_t)t->layer >= s->shard.end_layer)
    return 0;
  uint64_t tp = s->shard.tp, in = rows ? t->ne[0] / tp : t->ne[0];
  uint64_t out = rows ? t->ne[1] : t->ne[1] / tp;
  return (in + out) * t->ne[2] * s->request->max_lora_rank * NUMBER_BYTES;
}

vf_amount vf_companion_adapters(const vf_ranks *s, uint32_t device) {
  const vf_request *r = s->request;
  uint64_t sum = 0;
  (void)device;
  for (size_t i = 0; r->max_lora_rank != 0 && i < s->model->n_tensors; i++)
    sum += slot_bytes(s, &s->model->tensors[i]);
  if (!vf_mul(&sum, sum, r->max_loras != 0 ? r->max_loras : 1)) s->e->overflow = true;
  return vf_amount_exact(sum, "slots for adapters");
}
