/* ggml_recurrent.c - recurrent layers: Mamba, gated delta net, short convolution, RWKV. */
#include "engines/ggml_build.h"

enum { F32_BYTES = 4 };

/* ---- States ---------------------------------------------------------------------------------- */

/* States that only move: none of them, in memory of 0 bytes. */
static void move_states(vf_ggml_builder *b) {
  vf_ref moved = vf_new(b, 0, b->in[VF_IN_STATES_MOVED]);
  vf_sink(b, moved, 0);
}

/* `size` numbers of each of the batch's sequences. */
static vf_ref read_states(vf_ggml_builder *b, uint64_t size) {
  vf_ref x = vf_new(b, vf_build_mul(b, size, b->g->seqs, F32_BYTES), b->in[VF_IN_STATES]);
  vf_expand(b, x);
  move_states(b);
  return vf_view(x);
}

/* The scan reads the states itself, by their ids. */
static vf_ref scan(vf_ggml_builder *b, const vf_layer *l, vf_ref x, vf_ref dt, vf_ref bc) {
  uint64_t inner = l->inner, states = vf_build_mul(b, inner, l->state, b->g->seqs);
  uint64_t bytes =
      vf_build_add(b, vf_build_tokens(b, inner), vf_build_mul(b, states, F32_BYTES, 1));
  const vf_ref sources[] = {x, dt, bc, bc, b->in[VF_IN_STATES]};
  vf_ref y = vf_graph_op(&b->graph, VF_OP_NEW, bytes, sources, 5);
  vf_expand(b, y);
  move_states(b);
  vf_sink(b, vf_view(y), 0);
  return vf_view(y);
}

/* The last columns of each sequence in front of the new ones; the new last ones are kept. */
static vf_ref with_history(vf_ggml_builder *b, const vf_layer *l, uint64_t channels, vf_ref history,
                           vf_ref x) {
  uint64_t back = l->conv - 1;
  uint64_t columns = vf_build_add(b, b->g->tokens, vf_build_mul(b, back, b->g->seqs, 1));
  vf_ref y = vf_new2(b, vf_build_mul(b, channels, columns, F32_BYTES), history, x);
  vf_sink(b, vf_view(y), 0);
  return y;
}

/* ---- Mamba ----------------------------------------------------------------------------------- */

static vf_ref skip_and_gate(vf_ggml_builder *b, uint64_t bytes, vf_ref y, vf_ref x, vf_ref z) {
  y = vf_over2(b, bytes, y, vf_over(b, bytes, x));
  return vf_new2(b, bytes, vf_new(b, bytes, z), y);
}

static vf_ref mamba1(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t inner = l->inner, bytes = vf_build_tokens(b, inner);
  vf_ref history = read_states(b, inner * (l->conv - 1));
  vf_ref xz = vf_new(b, vf_build_tokens(b, 2 * inner), vf_view(x));
  vf_ref columns = with_history(b, l, inner, history, vf_strided(xz));
  x = vf_apply(b, bytes, vf_new(b, bytes, columns), 2);
  vf_ref dbc = vf_new(b, vf_build_tokens(b, l->rank + 2ull * l->state), x);
  vf_ref dt = vf_over(b, bytes, vf_new(b, bytes, vf_strided(dbc)));
  vf_ref y = scan(b, l, vf_view(x), dt, vf_strided(dbc));
  y = skip_and_gate(b, bytes, y, x, vf_strided(xz));
  return vf_view(vf_new(b, vf_build_tokens(b, b->model->n_embd), y));
}

static vf_ref mamba2(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t inner = l->inner, channels = inner + 2ull * l->groups * l->state, heads = l->rank;
  uint64_t bytes = vf_build_tokens(b, inner), wide = vf_build_tokens(b, channels);
  uint64_t small = vf_build_tokens(b, heads);
  vf_ref history = read_states(b, channels * (l->conv - 1));
  vf_ref zx = vf_new(b, vf_build_tokens(b, inner + channels + heads), vf_view(x));
  vf_ref columns = with_history(b, l, channels, history, vf_strided(zx));
  vf_ref xbc = vf_apply(b, wide, vf_new(b, wide, columns), 2);
  vf_ref dt = vf_over(b, small, vf_new(b, small, vf_strided(zx)));
  vf_ref y = scan(b, l, vf_strided(xbc), dt, vf_strided(xbc));
  y = skip_and_gate(b, bytes, y, vf_strided(xbc), vf_strided(zx));
  if (vf_has(l, VF_LAYER_SSM_NORM)) y = vf_norm(b, l, bytes, vf_view(y));
  return vf_new(b, vf_build_tokens(b, b->model->n_embd), vf_view(y));
}

/* ---- Short convolution ----------------------------------------------------------------------- */

static vf_ref short_convolution(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t d = b->model->n_embd, bytes = vf_build_tokens(b, d);
  vf_ref bcx = vf_new(b, vf_build_tokens(b, 3 * d), vf_view(x));
  vf_ref gated = vf_over2(b, bytes, vf_strided(bcx), vf_strided(bcx));
  vf_ref history = read_states(b, d * (l->conv - 1));
  vf_ref columns = with_history(b, l, d, history, vf_view(gated));
  vf_ref y = vf_over2(b, bytes, vf_strided(bcx), vf_new(b, bytes, columns));
  return vf_view(vf_new(b, bytes, y));
}

/* ---- Gated delta net ------------------------------------------------------------------------- */

/* Beta, and the decay before its gate. */
static void delta_rates(vf_ggml_builder *b, const vf_layer *l, vf_ref x, vf_ref *beta,
                        vf_ref *alpha) {
  uint64_t bytes = vf_build_tokens(b, l->rank);
  if (vf_has(l, VF_LAYER_BA_FUSED)) {
    vf_ref both = vf_new(b, 2 * bytes, x);
    *beta = vf_view(vf_over(b, bytes, vf_new(b, bytes, vf_strided(both))));
    *alpha = vf_new(b, bytes, vf_strided(both));
  } else {
    *beta = vf_over(b, bytes, vf_view(vf_new(b, bytes, x)));
    *alpha = vf_view(vf_new(b, bytes, x));
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
  vf_ref beta, alpha, qkv = vf_new(b, wide, x), z = vf_new(b, bytes, x);
  delta_rates(b, l, x, &beta, &alpha);
  vf_ref gate = vf_view(vf_apply(b, small, alpha, 3));
  vf_ref history = read_states(b, channels * (l->conv - 1));
  vf_ref columns = with_history(b, l, channels, history, vf_view(qkv));
  vf_ref state = read_states(b, dim * inner);
  vf_ref conv = vf_over(b, wide, vf_new(b, wide, columns));
  vf_ref q = delta_keys(b, l, conv), k = delta_keys(b, l, conv);
  uint64_t rows = vf_build_add(b, b->g->tokens, vf_build_mul(b, dim, b->g->seqs, 1));
  const vf_ref sources[] = {q, k, vf_strided(conv), gate, beta, state};
  vf_ref o = vf_graph_op(&b->graph, VF_OP_NEW, vf_build_mul(b, inner, rows, F32_BYTES), sources, 6);
  vf_sink(b, vf_view(o), 0);
  vf_ref y = vf_norm(b, l, bytes, vf_view(o));
  y = vf_over2(b, bytes, y, vf_over(b, bytes, vf_view(z)));
  return vf_view(vf_new(b, vf_build_tokens(b, b->model->n_embd), vf_view(y)));
}

vf_ref vf_build_recurrent(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  if (l->mixers & VF_MIX_DELTA) return delta_net(b, l, x);
  if (l->mixers & VF_MIX_MAMBA1) return mamba1(b, l, x);
  if (l->mixers & VF_MIX_SHORTCONV) return short_convolution(b, l, x);
  return mamba2(b, l, x);
}

/* ---- RWKV 7 ---------------------------------------------------------------------------------- */

static vf_ref layer_norm(vf_ggml_builder *b, uint64_t bytes, vf_ref x) {
  return vf_apply(b, bytes, vf_new(b, bytes, x), 2);
}

/* Values mix with those of the first layer. */
static vf_ref mixed_value(vf_ggml_builder *b, const vf_layer *l, vf_ref v, vf_ref xv) {
  uint64_t bytes = vf_build_tokens(b, b->model->n_embd);
  vf_ref low = vf_new(b, vf_build_tokens(b, l->low_rank[2]), xv);
  vf_ref rate = vf_apply(b, bytes, vf_new(b, bytes, low), 2);
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
  t.r = vf_new(b, bytes, x);
  t.w = vf_over(b, bytes, vf_new(b, bytes, vf_over(b, decay, vf_new(b, decay, x))));
  t.k = vf_new(b, bytes, x);
  t.v = vf_new(b, bytes, x);
  if (i == 0)
    vf_graph_hold(&b->graph, b->first_value = t.v);
  else
    t.v = mixed_value(b, l, t.v, x);
  t.gate = vf_new(b, bytes, vf_over(b, gate, vf_new(b, gate, x)));
  vf_ref low = vf_new(b, vf_build_tokens(b, l->low_rank[1]), x);
  t.a = vf_apply(b, bytes, vf_new(b, bytes, low), 2);
  return t;
}

static vf_ref wkv(vf_ggml_builder *b, const vf_layer *l, time_mix *t) {
  uint64_t d = b->model->n_embd, bytes = vf_build_tokens(b, d);
  vf_ref kk = vf_new(b, bytes, vf_view(vf_over(b, bytes, t->k))), ka = vf_over(b, bytes, t->k);
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
  vf_sink(b, vf_view(o), 0);
  vf_ref x = vf_apply(b, bytes, vf_view(vf_new(b, bytes, vf_view(o))), 2);
  vf_ref kr = vf_over(b, bytes, vf_over2(b, bytes, vf_view(t->k), vf_view(t->r)));
  vf_ref sum = vf_new(b, vf_build_tokens(b, d / l->state), kr);
  x = vf_over2(b, bytes, x, vf_view(vf_over2(b, bytes, vf_view(t->v), sum)));
  x = vf_over2(b, bytes, x, t->gate);
  return vf_view(vf_new(b, bytes, x));
}

/* Each token sees the one before it; that of the batch before lies in the state. */
static vf_ref shifted(vf_ggml_builder *b, vf_ref history, vf_ref x) {
  return vf_new2(b, vf_build_tokens(b, b->model->n_embd), history, vf_view(x));
}

static vf_ref channel_mix(vf_ggml_builder *b, const vf_layer *l, vf_ref x, vf_ref before) {
  uint64_t bytes = vf_build_rows(b, b->model->n_embd), wide = vf_build_rows(b, l->n_ff);
  vf_ref k = vf_over(b, bytes, vf_over2(b, bytes, before, x));
  k = vf_over2(b, bytes, k, x);
  return vf_new(b, bytes, vf_apply(b, wide, vf_new(b, wide, k), 2));
}

vf_ref vf_build_rwkv_layer(vf_ggml_builder *b, uint32_t i, vf_ref x) {
  const vf_layer *l = &b->model->layers[i];
  uint64_t d = b->model->n_embd, bytes = vf_build_tokens(b, d);
  bool last = i + 1 == b->n_layers;
  x = vf_view(x);
  vf_ref history = read_states(b, 2 * d), normal = layer_norm(b, bytes, x);
  vf_ref all = vf_over2(b, bytes, shifted(b, history, normal), normal);
  all = vf_over(b, 6 * bytes, vf_new(b, 6 * bytes, all));
  time_mix t = project_time_mix(b, l, i, vf_over2(b, 6 * bytes, all, normal));
  vf_ref sum = vf_over2(b, bytes, time_mix_output(b, l, &t, wkv(b, l, &t)), x);
  vf_ref second = layer_norm(b, bytes, sum), before = shifted(b, history, second);
  uint64_t kept = vf_build_mul(b, 2 * d, b->g->seqs, F32_BYTES);
  vf_sink(b, vf_view(vf_new2(b, kept, vf_view(normal), vf_view(second))), 0);
  sum = vf_view(sum);
  second = vf_view(second);
  before = vf_view(before);
  if (last) {
    sum = vf_select_rows(b, sum);
    second = vf_select_rows(b, second);
    before = vf_select_rows(b, before);
    b->rows = b->g->output_rows;
  }
  return vf_over2(b, vf_build_rows(b, d), channel_mix(b, l, second, before), sum);
}
