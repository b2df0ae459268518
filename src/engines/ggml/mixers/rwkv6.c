/* rwkv6.c - RWKV 6: time mixing and channel mixing, a whole layer; and time mixing as gated linear
 * attention in the place of attention.  Source of the order: llama.cpp v0.5.0 (de3ff81),
 * src/models/rwkv6-base.cpp, rwkv6.cpp and rwkv6qwen2.cpp. */
#include "engines/ggml/mixers/recurrent.h"

enum { F32_BYTES = 4, MIXED = 5 };

static const vf_role f32 = VF_ROLE_TIME_MIX_KEEP32;

static vf_ref vector(vf_ggml_builder *b, vf_role role) {
  return vf_weight_shaped(b, role, b->model->n_embd, 1);
}

static vf_ref layer_norm(vf_ggml_builder *b, vf_ref x, vf_role role) {
  uint64_t bytes = vf_build_tokens(b, b->model->n_embd);
  x = vf_over2(b, bytes, vf_new(b, bytes, x), vf_weight(b, role));
  return vf_over2(b, bytes, x, vf_bias(b, role));
}

/* Each token sees the one before it; that of the batch before lies in the state. */
static vf_ref shifted(vf_ggml_builder *b, vf_ref history, vf_ref x) {
  uint64_t bytes = vf_build_tokens(b, b->model->n_embd), row = b->model->n_embd * F32_BYTES;
  return vf_new2(b, bytes, history, vf_slice(b, bytes - row, vf_strided(x)));
}

/* The last token of every sequence. */
static vf_ref last_tokens(vf_ggml_builder *b, vf_ref x) {
  uint64_t row = b->model->n_embd * F32_BYTES;
  uint64_t before = (b->g->seqs - 1) * (b->g->tokens / b->g->seqs);
  return vf_slice(b, vf_build_mul(b, before + 1, row, 1), vf_strided(x));
}

/* What each of the five products reads: the token, mixed with the one before it. */
static vf_ref mixtures(vf_ggml_builder *b, const vf_layer *l, vf_ref x, vf_ref before) {
  uint64_t d = b->model->n_embd, bytes = vf_build_tokens(b, d), all = MIXED * bytes;
  uint64_t rank = l->low_rank[0], low = vf_build_tokens(b, MIXED * rank);
  vf_ref sx = vf_view(vf_over2(b, bytes, before, x));
  x = vf_view(x);
  vf_ref y = vf_over2(b, bytes, vf_over2(b, bytes, sx, vector(b, f32)), x);
  vf_ref into = vf_weight_shaped(b, f32, d, MIXED * rank);
  y = vf_view(vf_over(b, low, vf_new2(b, low, into, y)));
  y = vf_new(b, low, vf_strided(y));
  y = vf_new2(b, all, vf_weight_shaped(b, f32, rank, MIXED * d), y);
  y = vf_over2(b, all, y, vf_weight_shaped(b, f32, d, MIXED));
  return vf_over2(b, all, vf_over2(b, all, y, vf_view(sx)), vf_view(x));
}

static vf_ref product(vf_ggml_builder *b, uint64_t width, vf_ref x, bool bias) {
  uint64_t bytes = vf_build_tokens(b, width);
  vf_ref y =
      vf_new2(b, bytes, vf_weight_shaped(b, VF_ROLE_TIME_MIX_MATRIX, b->model->n_embd, width), x);
  return bias ? vf_over2(b, bytes, y, vf_bias(b, VF_ROLE_TIME_MIX_MATRIX)) : y;
}

static vf_ref decay(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t d = b->model->n_embd, bytes = vf_build_tokens(b, d), rank = l->low_rank[1];
  uint64_t low = vf_build_tokens(b, rank);
  vf_ref y = vf_over(b, low, vf_new2(b, low, vf_weight_shaped(b, f32, d, rank), x));
  y = vf_new2(b, bytes, vf_weight_shaped(b, f32, rank, d), y);
  return vf_apply(b, bytes, vf_over2(b, bytes, y, vector(b, f32)), 3);
}

/* Fewer keys than heads are repeated. */
static vf_ref spread(vf_ggml_builder *b, uint64_t width, vf_ref x) {
  uint64_t d = b->model->n_embd, bytes = vf_build_tokens(b, d);
  return vf_view(width == d ? x : vf_new(b, bytes, vf_view(x)));
}

static vf_ref time_mix(vf_ggml_builder *b, const vf_layer *l, vf_ref x, vf_ref before) {
  uint64_t d = b->model->n_embd, bytes = vf_build_tokens(b, d);
  bool gated = (l->ops & VF_OPS_RWKV_GATED) != 0;
  uint64_t own = (uint64_t)l->n_kv_heads * l->state;
  uint64_t width = gated && own != 0 ? own : d;
  vf_ref mixed = vf_strided(mixtures(b, l, x, before));
  vf_ref r = product(b, d, mixed, gated), k = product(b, width, mixed, gated);
  vf_ref v = product(b, width, mixed, gated), gate = product(b, d, mixed, false);
  gate = vf_over(b, bytes, gate);
  k = spread(b, width, k);
  v = spread(b, width, v);
  r = vf_view(r);
  vf_ref w = vf_view(decay(b, l, mixed));
  if (gated) k = vf_over2(b, bytes, k, vf_over2(b, bytes, k, w));
  vf_ref state = vf_read_states(b, d * l->state);
  uint64_t rows = vf_build_add(b, b->g->tokens, vf_build_mul(b, l->state, b->g->seqs, 1));
  const vf_ref sources[] = {k, v, r, w, state};
  vf_ref o = vf_graph_op(&b->graph, VF_OP_NEW, vf_build_mul(b, d, rows, F32_BYTES), sources, 5);
  vf_write_states(b, vf_build_mul(b, d * l->state, b->g->seqs, F32_BYTES), o);
  vf_ref y = vf_view(o);
  if (!gated) {
    y = vf_view(vf_new(b, bytes, y));
    y = vf_over2(b, bytes, vf_over2(b, bytes, y, vector(b, f32)), vf_bias(b, f32));
  }
  y = vf_over2(b, bytes, y, gate);
  return vf_view(vf_new2(b, bytes, vf_weight_shaped(b, VF_ROLE_TIME_MIX_MATRIX, d, d), y));
}

static vf_ref channel_mix(vf_ggml_builder *b, const vf_layer *l, vf_ref x, vf_ref before) {
  uint64_t d = b->model->n_embd, bytes = vf_build_rows(b, d), wide = vf_build_rows(b, l->n_ff);
  const vf_role role = VF_ROLE_CHANNEL_MIX_MATRIX;
  vf_ref sx = vf_over2(b, bytes, before, x);
  vf_ref xk = vf_over2(b, bytes, vf_over2(b, bytes, sx, vector(b, VF_ROLE_CHANNEL_MIX_KEEP32)), x);
  vf_ref xr = vf_over2(b, bytes, vf_over2(b, bytes, sx, vector(b, VF_ROLE_CHANNEL_MIX_KEEP32)), x);
  vf_ref r = vf_over(b, bytes, vf_new2(b, bytes, vf_weight_shaped(b, role, d, d), xr));
  vf_ref k = vf_new2(b, wide, vf_weight_shaped(b, role, d, l->n_ff), xk);
  k = vf_apply(b, wide, k, 2);
  return vf_over2(b, bytes, r, vf_new2(b, bytes, vf_weight_shaped(b, role, l->n_ff, d), k));
}

/* Up to the sum that the feed-forward reads. */
vf_ref vf_build_rwkv_gated(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t d = b->model->n_embd, bytes = vf_build_tokens(b, d);
  x = vf_view(x);
  vf_ref history = vf_read_states(b, d);
  vf_ref normal = vf_norm(b, l, bytes, x, VF_ROLE_ATTN_NORM);
  vf_ref y = time_mix(b, l, normal, shifted(b, vf_view(history), normal));
  vf_write_states(b, vf_build_mul(b, d, b->g->seqs, F32_BYTES), last_tokens(b, normal));
  return vf_over2(b, bytes, y, x);
}

vf_ref vf_build_rwkv6_layer(vf_ggml_builder *b, uint32_t i, vf_ref x) {
  const vf_layer *l = &b->model->layers[i];
  uint64_t d = b->model->n_embd, bytes = vf_build_tokens(b, d);
  uint64_t one = d * (2 * b->g->seqs - 1) * F32_BYTES;
  x = vf_view(x);
  vf_ref history = vf_read_states(b, 2 * d), normal = layer_norm(b, x, VF_ROLE_ATTN_NORM);
  vf_ref before = shifted(b, vf_slice(b, one, vf_view(history)), normal);
  vf_ref sum = vf_over2(b, bytes, time_mix(b, l, normal, before), x);
  vf_ref second = layer_norm(b, sum, VF_ROLE_ATTN_NORM_2);
  before = vf_view(shifted(b, vf_slice(b, one, vf_view(history)), second));
  uint64_t kept = vf_build_mul(b, 2 * d, b->g->seqs, F32_BYTES);
  vf_write_states(b, kept, vf_new2(b, kept, last_tokens(b, normal), last_tokens(b, second)));
  sum = vf_view(sum);
  second = vf_view(second);
  if (i + 1 == b->n_layers) {
    sum = vf_select_rows(b, sum);
    second = vf_select_rows(b, second);
    before = vf_select_rows(b, before);
    vf_cut_rows(b);
  }
  return vf_over2(b, vf_build_rows(b, d), channel_mix(b, l, second, before), sum);
}
