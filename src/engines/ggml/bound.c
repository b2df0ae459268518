/* bound.c - between what and what a graph's buffer lies, where no exact rule is at hand.
 *
 * A layer needs at least its widest step and at most what its steps make together; the logits lie
 * on top of whatever is alive.  Step by step as in llama.cpp v0.5.0 (de3ff81), src/models/. */
#include "engines/ggml/bound.h"

#include "base/checked.h"
#include "base/status.h"
#include "core/format.h"

/* Sums that note when they leave 64 bits. */
typedef struct sum {
  uint64_t bytes;
  bool overflow;
} sum;

static void plus(sum *s, uint64_t a, uint64_t b, uint64_t c) {
  uint64_t bytes;
  if (!vf_mul3(&bytes, a, b, c) || !vf_add(&s->bytes, s->bytes, bytes)) s->overflow = true;
}

static uint64_t cells_of(const vf_model *m, const vf_ggml_graph *g, const vf_layer *l) {
  const vf_cache_layer c = {.kind = l->window != 0 ? VF_CACHE_WINDOW : VF_CACHE_FULL,
                            .window = l->window};
  if (m->flags & VF_MODEL_ENCODER) return g->tokens;
  return vf_ggml_cache_cells(m, g, &c);
}

/* The second cache is joined to the first, and scores are of both; so are those of its index. */
static void add_compressed(sum *s, const vf_model *m, const vf_ggml_graph *g, const vf_layer *l,
                           uint64_t cells) {
  const vf_cache_layer c = {.kind = VF_CACHE_COMPRESSED, .window = l->compress};
  uint64_t more = vf_ggml_cache_cells(m, g, &c);
  plus(s, 2 * (cells + more), g->seqs, 2ull * l->k_dim);
  if (!g->flash_attn) plus(s, 4ull * l->n_heads, g->tokens, cells + 2 * more);
  if (l->index_heads != 0) plus(s, 4, g->tokens, 2 * more);
}

/* Queries in all their forms, the result, the projection; scores, or the copies of a cache that is
 * not f16. */
static void add_attention(sum *s, const vf_model *m, const vf_ggml_graph *g, const vf_layer *l) {
  uint64_t k = l->kv_lora != 0 ? (uint64_t)l->kv_lora + l->rope_dim : l->k_dim;
  uint64_t v = l->kv_lora != 0 ? l->kv_lora : l->v_dim, kv = l->kv_lora != 0 ? 1 : l->n_kv_heads;
  uint64_t cells = cells_of(m, g, l), heads = l->n_heads;
  bool quantized = g->kv_k != VF_FORMAT_F16 || g->kv_v != VF_FORMAT_F16;
  plus(s, 4, g->tokens, 3 * heads * k + 2 * heads * v + 2 * kv * (k + v));
  plus(s, 4, g->tokens, heads * ((uint64_t)l->k_dim + l->v_dim));
  if (quantized && !g->on_cpu) plus(s, 2 * cells, g->streams, kv * (k + v));
  if (!g->flash_attn || l->ops & VF_OPS_POSITION_BIAS) plus(s, 4 * heads, g->tokens, cells);
  uint64_t biased = (m->flags & VF_MODEL_ENCODER) != 0 ? 1 : 5;
  if (l->ops & VF_OPS_POSITION_BIAS) plus(s, 4 * heads, g->tokens, biased * cells);
  if (l->compress != 0) add_compressed(s, m, g, l, cells);
}

static void add_recurrent(sum *s, const vf_ggml_graph *g, const vf_layer *l) {
  uint64_t inner = l->inner, wide = inner + 2ull * l->groups * l->state;
  plus(s, 4, g->tokens, 4 * wide + 6 * inner + 4ull * l->rank);
  plus(s, 8 * inner, l->state, g->seqs);
}

static void add_feed_forward(sum *s, const vf_model *m, const vf_ggml_graph *g, const vf_layer *l) {
  uint64_t used = l->n_experts_used, d = m->n_embd;
  plus(s, 4, g->tokens, 3ull * l->n_ff + 3ull * l->n_ff_shared);
  plus(s, 4, g->tokens, 3ull * l->n_experts + used * (3ull * l->n_ff_expert + 2 * d));
}

static sum layer_sum(const vf_model *m, const vf_ggml_graph *g, const vf_layer *l) {
  sum s = {0, false};
  plus(&s, 4 * m->n_embd, g->tokens, 4 + 4ull * l->altup + 3ull * l->streams / 2);
  if (l->mixers & (VF_MIX_ATTENTION | VF_MIX_CROSS)) add_attention(&s, m, g, l);
  if (l->mixers & VF_MIX_RWKV) plus(&s, 4 * m->n_embd, g->tokens, 24);
  if (l->mixers & VF_MIX_SHORTCONV) plus(&s, 4 * m->n_embd, g->tokens, 8);
  if (l->mixers & VF_MIX_RECURRENT) add_recurrent(&s, g, l);
  add_feed_forward(&s, m, g, l);
  return s;
}

static void add_masks(sum *s, const vf_model *m, const vf_ggml_graph *g) {
  bool windowed = false, full = false;
  for (size_t i = 0; i < m->n_caches; i++) {
    const vf_cache_layer *c = &m->caches[i];
    bool *seen = c->window != 0 ? &windowed : &full;
    uint64_t bytes = 0;
    if (!vf_cache_has_cells(c) || *seen) continue;
    *seen = true;
    if (!vf_ggml_mask_bytes(&bytes, g, vf_ggml_cache_cells(m, g, c))) s->overflow = true;
    plus(s, bytes, 1, 1);
  }
}

vf_status vf_ggml_device_bound(vf_interval *out, const vf_model *m, const vf_ggml_graph *g,
                               vf_error *err) {
  sum widest = {0, false}, rest = {0, false}, logits = {0, false};
  for (uint32_t i = 0; i < m->n_layers; i++) {
    sum s = layer_sum(m, g, &m->layers[i]);
    widest.overflow |= s.overflow;
    widest.bytes = vf_max_u64(widest.bytes, s.bytes);
  }
  add_masks(&rest, m, g);
  plus(&rest, 4, g->tokens, 3 * m->n_embd + (uint64_t)m->layers[0].embd_per_layer * m->n_layers);
  uint64_t each = m->flags & VF_MODEL_ENCODER ? 0 : m->n_vocab;
  plus(&logits, 4, g->output_rows, each + m->n_embd);
  if (widest.overflow || rest.overflow || logits.overflow || widest.bytes > UINT64_MAX / 4)
    return vf_fail(err, VF_OVERFLOW, "the compute buffer of this batch does not fit 64 bits");
  uint64_t low = vf_max_u64(widest.bytes / 10, logits.bytes / 2);
  uint64_t high = widest.bytes + rest.bytes + logits.bytes;
  *out = (vf_interval){low, low + (high - low) / 2, high};
  return VF_OK;
}
