/* rwkv.c - RWKV 7: time mixing and channel mixing, a whole layer. */
#include "engines/ggml/mixers/recurrent.h"

enum { F32_BYTES = 4 };

static vf_ref layer_norm(vf_ggml_builder *b, uint64_t bytes, vf_ref x, vf_role role) {
  x = vf_over2(b, bytes, vf_new(b, bytes, x), vf_weight(b, role));
  return vf_over2(b, bytes, x, vf_bias(b, role));
}

/* The many small tensors have one role; they differ in shape, if at all. */
static vf_ref vector(vf_ggml_builder *b, vf_role role) {
  return vf_weight_shaped(b, role, b->model->n_embd, 1);
}

static vf_ref into(vf_ggml_builder *b, vf_role role, uint64_t rank, vf_ref x) {
  vf_ref matrix = vf_weight_shaped(b, role, b->model->n_embd, rank);
  return vf_new2(b, vf_build_tokens(b, rank), matrix, x);
}

static vf_ref out_of(vf_ggml_builder *b, vf_role role, uint64_t rank, vf_ref x) {
  vf_ref matrix = vf_weight_shaped(b, role, rank, b->model->n_embd);
  return vf_new2(b, vf_build_tokens(b, b->model->n_embd), matrix, x);
}

/* Values mix with those of the first layer. */
static vf_ref mixed_value(vf_ggml_builder *b, const vf_layer *l, vf_ref v, vf_ref xv) {
  uint64_t bytes = vf_build_tokens(b, b->model->n_embd);
  uint32_t rank = l->low_rank[2];
  vf_ref low = into(b, VF_ROLE_TIME_MIX_KEEP16, rank, xv);
  vf_ref rate = out_of(b, VF_ROLE_TIME_MIX_KEEP16, rank, low);
  rate = vf_over(b, bytes, vf_over2(b, bytes, rate, vector(b, VF_ROLE_TIME_MIX_KEEP32)));
  vf_ref difference = vf_over2(b, bytes, b->first_value, v);
  return vf_over2(b, bytes, v, vf_over2(b, bytes, difference, rate));
}

typedef struct time_mix {
  vf_ref r, w, k, v, gate, a;
} time_mix;

static time_mix project_time_mix(vf_ggml_builder *b, const vf_layer *l, uint32_t i, vf_ref all) {
  uint64_t bytes = vf_build_tokens(b, b->model->n_embd);
  vf_ref x = vf_strided(all);
  time_mix t;
  uint64_t decay = vf_build_tokens(b, l->low_rank[0]), gate = vf_build_tokens(b, l->low_rank[3]);
  const vf_role big = VF_ROLE_TIME_MIX_MATRIX, f32 = VF_ROLE_TIME_MIX_KEEP32;
  const vf_role f16 = VF_ROLE_TIME_MIX_KEEP16;
  const uint32_t *rank = l->low_rank;
  t.r = vf_multiply(b, bytes, big, x);
  t.w = out_of(b, f32, rank[0], vf_over(b, decay, into(b, f32, rank[0], x)));
  t.w = vf_over2(b, bytes, t.w, vector(b, f32));
  t.k = vf_multiply(b, bytes, big, x);
  t.v = vf_multiply(b, bytes, big, x);
  if (i == 0)
    vf_graph_hold(&b->graph, b->first_value = t.v);
  else
    t.v = mixed_value(b, l, t.v, x);
  t.gate = out_of(b, f16, rank[3], vf_over(b, gate, into(b, f16, rank[3], x)));
  t.a = out_of(b, f16, rank[1], into(b, f16, rank[1], x));
  t.a = vf_over(b, bytes, vf_over2(b, bytes, t.a, vector(b, f32)));
  return t;
}

static vf_ref wkv(vf_ggml_builder *b, const vf_layer *l, time_mix *t) {
  uint64_t d = b->model->n_embd, bytes = vf_build_tokens(b, d);
  vf_ref kk = vf_over2(b, bytes, t->k, vector(b, VF_ROLE_TIME_MIX_KEEP32));
  vf_ref ka = vf_over2(b, bytes, t->k, vector(b, VF_ROLE_TIME_MIX_KEEP32));
  kk = vf_new(b, bytes, vf_view(kk));
  vf_ref change = vf_over2(b, bytes, vf_over2(b, bytes, t->a, ka), ka);
  t->k = vf_over2(b, bytes, t->k, change);
  vf_ref state = vf_read_states(b, d * l->state);
  vf_ref minus = vf_over(b, bytes, kk), product = vf_over2(b, bytes, kk, vf_view(t->a));
  uint64_t rows = vf_build_add(b, b->g->tokens, vf_build_mul(b, l->state, b->g->seqs, 1));
  const vf_ref sources[] = {vf_view(t->r), t->w, vf_view(t->k), t->v, minus, product, state};
  return vf_graph_op(&b->graph, VF_OP_NEW, vf_build_mul(b, d, rows, F32_BYTES), sources, 7);
}

/* The result of the scan, normalized per head, with a bonus for the present token, gated. */
static vf_ref time_mix_output(vf_ggml_builder *b, const vf_layer *l, const time_mix *t, vf_ref o) {
  uint64_t d = b->model->n_embd, bytes = vf_build_tokens(b, d);
  const vf_role f32 = VF_ROLE_TIME_MIX_KEEP32;
  vf_write_states(b, vf_build_mul(b, d * l->state, b->g->seqs, F32_BYTES), o);
  vf_ref x = vf_view(vf_new(b, bytes, vf_view(o)));
  x = vf_over2(b, bytes, vf_over2(b, bytes, x, vector(b, f32)), vf_bias(b, f32));
  vf_ref bonus = vector(b, f32); /* read reshaped: the operation does not follow it */
  if (bonus != 0) vf_graph_node_of(&b->graph, bonus)->outside = VF_OUTSIDE_CACHE;
  vf_ref kr = vf_over2(b, bytes, vf_over2(b, bytes, vf_view(t->k), vf_view(t->r)), bonus);
  vf_ref sum = vf_new(b, vf_build_tokens(b, d / l->state), kr);
  x = vf_over2(b, bytes, x, vf_view(vf_over2(b, bytes, vf_view(t->v), sum)));
  x = vf_over2(b, bytes, x, t->gate);
  return vf_view(vf_multiply(b, bytes, VF_ROLE_TIME_MIX_MATRIX, x));
}

/* Each token sees the one before it; that of the batch before lies in the state. */
static vf_ref shifted(vf_ggml_builder *b, vf_ref history, vf_ref x) {
  uint64_t bytes = vf_build_tokens(b, b->model->n_embd), row = b->model->n_embd * F32_BYTES;
  return vf_new2(b, bytes, history, vf_slice(b, bytes - row, vf_strided(x)));
}

/* The last token of every sequence. */
static vf_ref last_tokens(vf_ggml_builder *b, vf_ref x) {
  uint64_t row = b->model->n_embd * F32_BYTES,
           before = (b->g->seqs - 1) * (b->g->tokens / b->g->seqs);
  return vf_slice(b, vf_build_mul(b, before + 1, row, 1), vf_strided(x));
}

static vf_ref channel_mix(vf_ggml_builder *b, const vf_layer *l, vf_ref x, vf_ref before) {
  uint64_t bytes = vf_build_rows(b, b->model->n_embd), wide = vf_build_rows(b, l->n_ff);
  vf_ref k = vf_over2(b, bytes, before, x);
  k = vf_over2(b, bytes, k, vector(b, VF_ROLE_CHANNEL_MIX_KEEP32));
  k = vf_over2(b, bytes, k, x);
  const vf_role role = VF_ROLE_CHANNEL_MIX_MATRIX;
  vf_ref key = vf_weight_shaped(b, role, b->model->n_embd, l->n_ff);
  vf_ref value = vf_weight_shaped(b, role, l->n_ff, b->model->n_embd);
  return vf_new2(b, bytes, value, vf_apply(b, wide, vf_new2(b, wide, key, k), 2));
}

vf_ref vf_build_rwkv_layer(vf_ggml_builder *b, uint32_t i, vf_ref x) {
  const vf_layer *l = &b->model->layers[i];
  uint64_t d = b->model->n_embd, bytes = vf_build_tokens(b, d);
  bool last = i + 1 == b->n_layers;
  x = vf_view(x);
  vf_ref history = vf_read_states(b, 2 * d), normal = layer_norm(b, bytes, x, VF_ROLE_ATTN_NORM);
  vf_ref half = vf_slice(b, d * (2 * b->g->seqs - 1) * F32_BYTES, vf_view(history));
  vf_ref all = vf_over2(b, bytes, shifted(b, half, normal), normal);
  vf_ref lerp = vf_weight_shaped(b, VF_ROLE_TIME_MIX_KEEP32, d, 6);
  all = vf_over2(b, 6 * bytes, vf_new(b, 6 * bytes, all), lerp);
  time_mix t = project_time_mix(b, l, i, vf_over2(b, 6 * bytes, all, normal));
  vf_ref sum = vf_over2(b, bytes, time_mix_output(b, l, &t, wkv(b, l, &t)), x);
  vf_ref second = layer_norm(b, bytes, sum, VF_ROLE_ATTN_NORM_2);
  half = vf_slice(b, d * (2 * b->g->seqs - 1) * F32_BYTES, vf_view(history));
  vf_ref before = shifted(b, half, second);
  uint64_t kept = vf_build_mul(b, 2 * d, b->g->seqs, F32_BYTES);
  vf_write_states(b, kept, vf_new2(b, kept, last_tokens(b, normal), last_tokens(b, second)));
  sum = vf_view(sum);
  second = vf_view(second);
  before = vf_view(before);
  if (last) {
    sum = vf_select_rows(b, sum);
    second = vf_select_rows(b, second);
    before = vf_select_rows(b, before);
    vf_cut_rows(b);
  }
  return vf_over2(b, vf_build_rows(b, d), channel_mix(b, l, second, before), sum);
}
