/* kda.c - Kimi delta attention: a delta net whose decay is a vector, with a convolution each for
 * queries, keys, values. */
#include "engines/ggml/mixers/recurrent.h"

enum { F32_BYTES = 4 };

/* Projected, with the columns before in front; the new last ones are kept. */
static vf_ref columns(vf_ggml_builder *b, const vf_layer *l, vf_role matrix, vf_ref history,
                      vf_ref x) {
  vf_ref y = vf_multiply(b, vf_build_tokens(b, l->inner), matrix, x);
  return vf_with_history(b, l, l->inner, vf_strided(history), vf_view(y));
}

static vf_ref convolution(vf_ggml_builder *b, uint64_t bytes, vf_role weight, vf_ref x) {
  vf_ref y = vf_new2(b, bytes, x, vf_weight(b, weight));
  return vf_over(b, bytes, vf_view(y));
}

/* Brought to length one. */
static vf_ref unit(vf_ggml_builder *b, uint64_t bytes, vf_ref x) {
  return vf_over(b, bytes, vf_over(b, bytes, vf_view(x)));
}

static vf_ref through(vf_ggml_builder *b, const vf_layer *l, vf_role first, vf_role second,
                      vf_ref x) {
  if (l->ops & VF_OPS_KDA_DIRECT) return vf_multiply(b, vf_build_tokens(b, l->inner), first, x);
  vf_ref low = vf_multiply(b, vf_build_tokens(b, l->state), first, x);
  return vf_multiply(b, vf_build_tokens(b, l->inner), second, low);
}

static vf_ref output_gate(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t bytes = vf_build_tokens(b, l->inner);
  vf_ref gate = vf_has(l, VF_LAYER_O_GATED) /* of all heads at once */
                    ? vf_multiply(b, bytes, VF_ROLE_ATTN_GATE, vf_view(x))
                    : through(b, l, VF_ROLE_SSM_G_A, VF_ROLE_SSM_G_B, vf_view(x));
  return vf_over(b, bytes, vf_view(gate));
}

vf_ref vf_build_kda(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t inner = l->inner, dim = l->state, bytes = vf_build_tokens(b, inner);
  vf_ref history = vf_read_states(b, 3 * inner * (l->conv - 1));
  vf_ref q = columns(b, l, VF_ROLE_ATTN_Q, history, x);
  vf_ref k = columns(b, l, VF_ROLE_ATTN_K, history, x);
  vf_ref v = columns(b, l, VF_ROLE_ATTN_V, history, x);
  vf_ref state = vf_read_states(b, dim * inner);
  q = unit(b, bytes, convolution(b, bytes, VF_ROLE_SSM_CONV_Q, q));
  k = unit(b, bytes, convolution(b, bytes, VF_ROLE_SSM_CONV_K, k));
  v = convolution(b, bytes, VF_ROLE_SSM_CONV_V, v);
  vf_ref decay = through(b, l, VF_ROLE_SSM_F_A, VF_ROLE_SSM_F_B, x);
  decay = vf_over(b, bytes, vf_over2(b, bytes, decay, vf_bias(b, VF_ROLE_SSM_DT)));
  decay = vf_over2(b, bytes, vf_view(decay), vf_weight(b, VF_ROLE_SSM_A));
  uint64_t small = vf_build_tokens(b, l->rank);
  vf_ref beta = vf_over(b, small, vf_view(vf_multiply(b, small, VF_ROLE_SSM_BETA, x)));
  uint64_t rows = vf_build_add(b, b->g->tokens, vf_build_mul(b, dim, b->g->seqs, 1));
  const vf_ref sources[] = {q, k, vf_view(v), vf_view(decay), beta, state};
  vf_ref o = vf_graph_op(&b->graph, VF_OP_NEW, vf_build_mul(b, inner, rows, F32_BYTES), sources, 6);
  vf_write_states(b, vf_build_mul(b, dim * inner, b->g->seqs, F32_BYTES), o);
  vf_ref y = vf_view(vf_new(b, bytes, vf_view(o)));
  y = vf_norm(b, l, bytes, y, VF_ROLE_SSM_NORM);
  y = vf_new(b, bytes, vf_over2(b, bytes, y, output_gate(b, l, x)));
  return vf_multiply(b, vf_build_tokens(b, b->model->n_embd), VF_ROLE_ATTN_OUTPUT, y);
}
