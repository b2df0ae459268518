/* recurrent.c - recurrent layers: Mamba, gated delta net, short convolution, RWKV. */
#include "engines/ggml/build.h"

enum {
  F32_BYTES = 4,
  MANY_HEADS = 32, /* each is a row: enough of them to offload a product for one token */
};

/* ---- States ----------------------------------------------------------------------------- */

/* States that only move: none of them, in memory of 0 bytes. */
static void move_states(vf_ggml_builder *b, vf_ref states) {
  vf_ref moved = vf_new2(b, 0, states, b->in[VF_IN_STATES_MOVED]);
  vf_sink(b, moved, 0, vf_cache_backend(b));
}

/* All states as an operand, the one of a new sequence set to nothing before. */
static vf_ref all_states(vf_ggml_builder *b, uint64_t bytes) {
  if (b->schedule == NULL) return 0;
  vf_sink(b, 0, 0, vf_cache_backend(b));
  return vf_cache_rows(b, bytes, vf_cache_backend(b));
}

/* `size` numbers of each of the batch's sequences. */
static vf_ref read_states(vf_ggml_builder *b, uint64_t size) {
  uint64_t bytes = vf_build_mul(b, size, b->g->seqs, F32_BYTES);
  vf_ref states = all_states(b, bytes), x = vf_new2(b, bytes, states, b->in[VF_IN_STATES]);
  vf_expand(b, x);
  move_states(b, states);
  return vf_slice(b, bytes, vf_view(x));
}

static void write_states(vf_ggml_builder *b, uint64_t bytes, vf_ref x) {
  vf_sink(b, vf_slice(b, bytes, vf_view(x)), 0, vf_cache_backend(b));
}

/* A column of so many numbers out of a product of `width` per token: up to its end in the last
 * one. */
static vf_ref columns_of(vf_ggml_builder *b, uint64_t width, uint64_t own, vf_ref x) {
  return vf_slice(b, vf_build_tokens(b, width) - (width - own) * F32_BYTES, vf_strided(x));
}

/* What a scan reads beside the states: inputs, time steps, and B and C. */
typedef struct scanned {
  vf_ref x, dt, b, c;
} scanned;

/* The scan reads the states itself, by their ids, in another shape than those that only move: a
 * device copies both.  It counts as one row. */
static vf_ref scan(vf_ggml_builder *b, const vf_layer *l, const scanned *s) {
  uint64_t inner = l->inner, states = vf_build_mul(b, inner * l->state, b->g->seqs, F32_BYTES);
  uint64_t bytes = vf_build_add(b, vf_build_tokens(b, inner), states);
  const vf_ref sources[] = {all_states(b, states),       s->x, s->dt,
                            vf_weight(b, VF_ROLE_SSM_A), s->b, s->c,
                            b->in[VF_IN_STATES]};
  vf_ref y = vf_graph_op(&b->graph, VF_OP_NEW, bytes, sources, 7);
  vf_graph_node_of(&b->graph, y)->offloads = false;
  vf_expand(b, y);
  move_states(b, vf_cache_rows(b, states, vf_cache_backend(b)));
  write_states(b, states, y);
  return vf_slice(b, vf_build_tokens(b, inner), vf_view(y));
}

/* The last columns of each sequence in front of the new ones; the new last ones are kept. */
static vf_ref with_history(vf_ggml_builder *b, const vf_layer *l, uint64_t channels, vf_ref history,
                           vf_ref x) {
  uint64_t back = l->conv - 1;
  uint64_t columns = vf_build_add(b, b->g->tokens, vf_build_mul(b, back, b->g->seqs, 1));
  uint64_t bytes = vf_build_mul(b, channels, columns, F32_BYTES);
  vf_ref y = vf_new2(b, bytes, history, x);
  write_states(b, bytes - b->g->tokens / b->g->seqs * F32_BYTES, y);
  return y;
}

/* The convolution, its bias, its activation. */
static vf_ref convolved(vf_ggml_builder *b, uint64_t bytes, vf_ref columns) {
  vf_ref y = vf_new2(b, bytes, columns, vf_weight(b, VF_ROLE_SSM_CONV));
  return vf_over(b, bytes, vf_over2(b, bytes, y, vf_bias(b, VF_ROLE_SSM_CONV)));
}

/* ---- Mamba ------------------------------------------------------------------------------ */

static vf_ref skip_and_gate(vf_ggml_builder *b, uint64_t bytes, vf_ref y, vf_ref x, vf_ref z,
                            bool many_heads) {
  vf_ref skip = vf_over2(b, bytes, x, vf_weight(b, VF_ROLE_SSM_D));
  vf_graph_node_of(&b->graph, skip)->offloads |= many_heads;
  y = vf_over2(b, bytes, y, skip);
  return vf_new2(b, bytes, vf_new(b, bytes, z), y);
}

static vf_ref mamba1(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t inner = l->inner, bytes = vf_build_tokens(b, inner);
  vf_ref history = read_states(b, inner * (l->conv - 1));
  vf_ref xz = vf_multiply(b, vf_build_tokens(b, 2 * inner), VF_ROLE_SSM_IN, vf_view(x));
  vf_ref columns = with_history(b, l, inner, history, vf_strided(xz));
  x = convolved(b, bytes, columns);
  uint64_t width = l->rank + 2ull * l->state;
  vf_ref dbc = vf_multiply(b, vf_build_tokens(b, width), VF_ROLE_SSM_X, x);
  vf_ref dt = vf_project(b, bytes, VF_ROLE_SSM_DT, vf_strided(dbc), true);
  const scanned s = {vf_view(x), dt, columns_of(b, width, l->state, dbc),
                     columns_of(b, width, l->state, dbc)};
  vf_ref y = skip_and_gate(b, bytes, scan(b, l, &s), x, columns_of(b, 2 * inner, inner, xz), false);
  return vf_view(vf_multiply(b, vf_build_tokens(b, b->model->n_embd), VF_ROLE_SSM_OUT, y));
}

static vf_ref mamba2(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t inner = l->inner, channels = inner + 2ull * l->groups * l->state, heads = l->rank;
  uint64_t bytes = vf_build_tokens(b, inner), wide = vf_build_tokens(b, channels);
  uint64_t small = vf_build_tokens(b, heads);
  vf_ref history = read_states(b, channels * (l->conv - 1));
  uint64_t width = inner + channels + heads;
  vf_ref zx = vf_multiply(b, vf_build_tokens(b, width), VF_ROLE_SSM_IN, vf_view(x));
  vf_ref columns = with_history(b, l, channels, history, vf_strided(zx));
  vf_ref xbc = convolved(b, wide, columns);
  vf_ref dt = vf_new(b, small, columns_of(b, width, heads, zx));
  dt = vf_over2(b, small, dt, vf_bias(b, VF_ROLE_SSM_DT));
  uint64_t group = (uint64_t)l->groups * l->state;
  const scanned s = {columns_of(b, channels, inner, xbc), dt, columns_of(b, channels, group, xbc),
                     columns_of(b, channels, group, xbc)};
  vf_ref y = skip_and_gate(b, bytes, scan(b, l, &s), s.x, columns_of(b, width, inner, zx),
                           heads >= MANY_HEADS);
  if (vf_has(l, VF_LAYER_SSM_NORM)) y = vf_norm(b, l, bytes, vf_view(y), VF_ROLE_SSM_NORM);
  y = vf_multiply(b, vf_build_tokens(b, b->model->n_embd), VF_ROLE_SSM_OUT, vf_view(y));
  return vf_rule(b, VF_RULE_SSM_RESHAPED) ? vf_view(y) : y;
}

/* ---- Short convolution ------------------------------------------------------------------ */

static vf_ref short_convolution(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t d = b->model->n_embd, bytes = vf_build_tokens(b, d);
  vf_ref bcx = vf_multiply(b, vf_build_tokens(b, 3 * d), VF_ROLE_SHORTCONV_IN, vf_view(x));
  vf_ref gated = vf_over2(b, bytes, vf_strided(bcx), vf_strided(bcx));
  vf_ref history = read_states(b, d * (l->conv - 1));
  vf_ref columns = with_history(b, l, d, history, vf_view(gated));
  vf_ref y = vf_new2(b, bytes, columns, vf_weight(b, VF_ROLE_SHORTCONV_CONV));
  y = vf_over2(b, bytes, vf_strided(bcx), y);
  return vf_view(vf_multiply(b, bytes, VF_ROLE_SHORTCONV_OUT, y));
}

/* ---- Gated delta net -------------------------------------------------------------------- */

/* Beta, and the decay before its gate. */
static void delta_rates(vf_ggml_builder *b, const vf_layer *l, vf_ref x, vf_ref *beta,
                        vf_ref *alpha) {
  uint64_t bytes = vf_build_tokens(b, l->rank);
  if (vf_has(l, VF_LAYER_BA_FUSED)) {
    vf_ref both = vf_multiply(b, 2 * bytes, VF_ROLE_SSM_BETA_ALPHA, x);
    *beta = vf_view(vf_over(b, bytes, vf_new(b, bytes, vf_strided(both))));
    *alpha = vf_new(b, bytes, vf_strided(both));
  } else {
    *beta = vf_over(b, bytes, vf_view(vf_multiply(b, bytes, VF_ROLE_SSM_BETA, x)));
    *alpha = vf_view(vf_multiply(b, bytes, VF_ROLE_SSM_ALPHA, x));
  }
}

/* Keys that are fewer than the values' heads are repeated, where beta and alpha are one. */
static vf_ref delta_keys(vf_ggml_builder *b, const vf_layer *l, vf_ref conv) {
  uint64_t bytes = vf_build_tokens(b, (uint64_t)l->groups * l->state);
  vf_ref k = vf_new(b, bytes, vf_strided(conv));
  if (!vf_has(l, VF_LAYER_BA_FUSED) || l->groups == l->rank) return k;
  return vf_view(vf_new(b, vf_build_tokens(b, (uint64_t)l->rank * l->state), vf_view(k)));
}

static vf_ref delta_net(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t inner = l->inner, channels = inner + 2ull * l->groups * l->state;
  uint64_t bytes = vf_build_tokens(b, inner), wide = vf_build_tokens(b, channels);
  uint64_t small = vf_build_tokens(b, l->rank), dim = inner / l->rank;
  vf_ref beta, alpha, qkv = vf_multiply(b, wide, VF_ROLE_ATTN_QKV, x);
  vf_ref z = vf_multiply(b, bytes, VF_ROLE_ATTN_GATE, x);
  delta_rates(b, l, x, &beta, &alpha);
  alpha = vf_over(b, small, vf_over2(b, small, alpha, vf_bias(b, VF_ROLE_SSM_DT)));
  vf_ref gate = vf_view(vf_over2(b, small, alpha, vf_weight(b, VF_ROLE_SSM_A)));
  vf_ref history = read_states(b, channels * (l->conv - 1));
  vf_ref columns = with_history(b, l, channels, history, vf_view(qkv));
  vf_ref state = read_states(b, dim * inner);
  vf_ref conv = vf_over(b, wide, vf_new2(b, wide, columns, vf_weight(b, VF_ROLE_SSM_CONV)));
  vf_ref q = delta_keys(b, l, conv), k = delta_keys(b, l, conv);
  uint64_t states = vf_build_mul(b, dim, b->g->seqs, b->g->snapshots);
  uint64_t rows = vf_build_add(b, b->g->tokens, states);
  const vf_ref sources[] = {q, k, vf_strided(conv), gate, beta, state};
  vf_ref o = vf_graph_op(&b->graph, VF_OP_NEW, vf_build_mul(b, inner, rows, F32_BYTES), sources, 6);
  write_states(b, vf_build_mul(b, dim * inner, b->g->seqs, F32_BYTES), o);
  vf_ref y = vf_norm(b, l, bytes, vf_view(o), VF_ROLE_SSM_NORM);
  y = vf_over2(b, bytes, y, vf_over(b, bytes, vf_view(z)));
  bytes = vf_build_tokens(b, b->model->n_embd);
  return vf_view(vf_multiply(b, bytes, VF_ROLE_SSM_OUT, vf_view(y)));
}

vf_ref vf_build_recurrent(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  if (l->mixers & VF_MIX_DELTA) return delta_net(b, l, x);
  if (l->mixers & VF_MIX_MAMBA1) return mamba1(b, l, x);
  if (l->mixers & VF_MIX_SHORTCONV) return short_convolution(b, l, x);
  return mamba2(b, l, x);
}

/* ---- RWKV 7 ----------------------------------------------------------------------------- */

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
  vf_ref state = read_states(b, d * l->state);
  vf_ref minus = vf_over(b, bytes, kk), product = vf_over2(b, bytes, kk, vf_view(t->a));
  uint64_t rows = vf_build_add(b, b->g->tokens, vf_build_mul(b, l->state, b->g->seqs, 1));
  const vf_ref sources[] = {vf_view(t->r), t->w, vf_view(t->k), t->v, minus, product, state};
  return vf_graph_op(&b->graph, VF_OP_NEW, vf_build_mul(b, d, rows, F32_BYTES), sources, 7);
}

/* The result of the scan, normalized per head, with a bonus for the present token, gated. */
static vf_ref time_mix_output(vf_ggml_builder *b, const vf_layer *l, const time_mix *t, vf_ref o) {
  uint64_t d = b->model->n_embd, bytes = vf_build_tokens(b, d);
  const vf_role f32 = VF_ROLE_TIME_MIX_KEEP32;
  write_states(b, vf_build_mul(b, d * l->state, b->g->seqs, F32_BYTES), o);
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
  vf_ref history = read_states(b, 2 * d), normal = layer_norm(b, bytes, x, VF_ROLE_ATTN_NORM);
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
  write_states(b, kept, vf_new2(b, kept, last_tokens(b, normal), last_tokens(b, second)));
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
