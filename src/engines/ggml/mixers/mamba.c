/* mamba.c - selective state spaces, one state per channel or in heads. */
#include "engines/ggml/mixers/recurrent.h"

#include "base/checked.h"

enum {
  F32_BYTES = 4,
  MANY_HEADS = 32, /* each is a row: enough of them to offload a product for one token */
};

/* What a scan reads beside the states: inputs, time steps, and B and C. */
typedef struct scanned {
  vf_ref x, dt, b, c;
} scanned;

/* The scan reads the states itself, by their ids, in another shape than those that only move: a
 * device copies both.  It counts as one row. */
static vf_ref scan(vf_ggml_builder *b, const vf_layer *l, const scanned *s) {
  uint64_t inner = l->inner, states = vf_build_mul(b, inner * l->state, b->g->seqs, F32_BYTES);
  uint64_t bytes = vf_build_add(b, vf_build_tokens(b, inner), states);
  const vf_ref sources[] = {vf_all_states(b, states),    s->x, s->dt,
                            vf_weight(b, VF_ROLE_SSM_A), s->b, s->c,
                            b->in[VF_IN_STATES]};
  vf_ref y = vf_graph_op(&b->graph, VF_OP_NEW, bytes, sources, 7);
  vf_graph_node_of(&b->graph, y)->offloads = false;
  vf_expand(b, y);
  vf_move_states(b, vf_cache_rows(b, states, vf_cache_backend(b)));
  vf_write_states(b, states, y);
  return vf_slice(b, vf_build_tokens(b, inner), vf_view(y));
}

static vf_ref skip_and_gate(vf_ggml_builder *b, uint64_t bytes, vf_ref y, vf_ref x, vf_ref z,
                            bool many_heads) {
  vf_ref skip = vf_over2(b, bytes, x, vf_weight(b, VF_ROLE_SSM_D));
  vf_graph_node_of(&b->graph, skip)->offloads |= many_heads;
  y = vf_over2(b, bytes, y, skip);
  return vf_new2(b, bytes, vf_new(b, bytes, z), y);
}

vf_ref vf_build_mamba1(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t inner = l->inner, bytes = vf_build_tokens(b, inner);
  vf_ref history = vf_read_states(b, inner * (l->conv - 1));
  vf_ref xz = vf_multiply(b, vf_build_tokens(b, 2 * inner), VF_ROLE_SSM_IN, vf_view(x));
  vf_ref columns = vf_with_history(b, l, inner, history, vf_strided(xz));
  x = vf_convolved(b, bytes, columns);
  uint64_t width = l->rank + 2ull * l->state;
  vf_ref dbc = vf_multiply(b, vf_build_tokens(b, width), VF_ROLE_SSM_X, x);
  vf_ref dt = vf_project(b, bytes, VF_ROLE_SSM_DT, vf_strided(dbc), true);
  const scanned s = {vf_view(x), dt, vf_columns_of(b, width, l->state, dbc),
                     vf_columns_of(b, width, l->state, dbc)};
  vf_ref y =
      skip_and_gate(b, bytes, scan(b, l, &s), x, vf_columns_of(b, 2 * inner, inner, xz), false);
  return vf_view(vf_multiply(b, vf_build_tokens(b, b->model->n_embd), VF_ROLE_SSM_OUT, y));
}

static vf_ref normed_column(vf_ggml_builder *b, const vf_layer *l, uint64_t width, uint64_t own,
                            vf_ref x, vf_role role) {
  return vf_norm(b, l, vf_build_tokens(b, own), vf_columns_of(b, width, own, x), role);
}

/* PLaMo 2: inputs and gates lie head by head. */
vf_ref vf_build_mamba_heads(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  enum { STEPS_LEAST = 64, STEPS_SHARE = 16 };
  uint64_t inner = l->inner, bytes = vf_build_tokens(b, inner),
           both = vf_build_tokens(b, 2 * inner);
  uint64_t steps = vf_max_u64(STEPS_LEAST, b->model->n_embd / STEPS_SHARE);
  uint64_t width = steps + 2ull * l->state, small = vf_build_tokens(b, l->rank);
  vf_ref history = vf_read_states(b, inner * (l->conv - 1));
  vf_ref zx = vf_new(b, both, vf_strided(vf_multiply(b, both, VF_ROLE_SSM_IN, vf_view(x))));
  x = vf_new(b, bytes, vf_strided(zx));
  x = vf_convolved(b, bytes, vf_with_history(b, l, inner, history, vf_strided(x)));
  vf_ref all = vf_multiply(b, vf_build_tokens(b, width), VF_ROLE_SSM_X, x);
  vf_ref dt = normed_column(b, l, width, steps, all, VF_ROLE_SSM_DT_NORM);
  dt = vf_over2(b, small, vf_multiply(b, small, VF_ROLE_SSM_DT, dt), vf_bias(b, VF_ROLE_SSM_DT));
  const scanned s = {vf_view(x), dt,
                     vf_view(normed_column(b, l, width, l->state, all, VF_ROLE_SSM_B_NORM)),
                     vf_view(normed_column(b, l, width, l->state, all, VF_ROLE_SSM_C_NORM))};
  vf_ref y = skip_and_gate(b, bytes, scan(b, l, &s), s.x, vf_strided(zx), false);
  return vf_view(vf_multiply(b, vf_build_tokens(b, b->model->n_embd), VF_ROLE_SSM_OUT, vf_view(y)));
}

vf_ref vf_build_mamba2(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t inner = l->inner, channels = inner + 2ull * l->groups * l->state, heads = l->rank;
  uint64_t bytes = vf_build_tokens(b, inner), wide = vf_build_tokens(b, channels);
  uint64_t small = vf_build_tokens(b, heads);
  vf_ref history = vf_read_states(b, channels * (l->conv - 1));
  uint64_t width = inner + channels + heads;
  vf_ref zx = vf_multiply(b, vf_build_tokens(b, width), VF_ROLE_SSM_IN, vf_view(x));
  vf_ref columns = vf_with_history(b, l, channels, history, vf_strided(zx));
  vf_ref xbc = vf_convolved(b, wide, columns);
  vf_ref dt = vf_new(b, small, vf_columns_of(b, width, heads, zx));
  dt = vf_over2(b, small, dt, vf_bias(b, VF_ROLE_SSM_DT));
  uint64_t group = (uint64_t)l->groups * l->state;
  const scanned s = {vf_columns_of(b, channels, inner, xbc), dt,
                     vf_columns_of(b, channels, group, xbc),
                     vf_columns_of(b, channels, group, xbc)};
  vf_ref y = skip_and_gate(b, bytes, scan(b, l, &s), s.x, vf_columns_of(b, width, inner, zx),
                           heads >= MANY_HEADS);
  if (vf_has(l, VF_LAYER_SSM_NORM)) y = vf_norm(b, l, bytes, vf_view(y), VF_ROLE_SSM_NORM);
  y = vf_multiply(b, vf_build_tokens(b, b->model->n_embd), VF_ROLE_SSM_OUT, vf_view(y));
  return vf_rule(b, VF_RULE_SSM_RESHAPED) ? vf_view(y) : y;
}
