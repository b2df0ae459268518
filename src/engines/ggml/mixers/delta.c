/* delta.c - the gated delta net. */
#include "engines/ggml/mixers/recurrent.h"

enum { F32_BYTES = 4 };

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

vf_ref vf_build_delta_net(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t inner = l->inner, channels = inner + 2ull * l->groups * l->state;
  uint64_t bytes = vf_build_tokens(b, inner), wide = vf_build_tokens(b, channels);
  uint64_t small = vf_build_tokens(b, l->rank), dim = inner / l->rank;
  vf_ref beta, alpha, qkv = vf_multiply(b, wide, VF_ROLE_ATTN_QKV, x);
  vf_ref z = vf_multiply(b, bytes, VF_ROLE_ATTN_GATE, x);
  delta_rates(b, l, x, &beta, &alpha);
  alpha = vf_over(b, small, vf_over2(b, small, alpha, vf_bias(b, VF_ROLE_SSM_DT)));
  vf_ref gate = vf_view(vf_over2(b, small, alpha, vf_weight(b, VF_ROLE_SSM_A)));
  vf_ref history = vf_read_states(b, channels * (l->conv - 1));
  vf_ref columns = vf_with_history(b, l, channels, history, vf_view(qkv));
  vf_ref state = vf_read_states(b, dim * inner);
  vf_ref conv = vf_over(b, wide, vf_new2(b, wide, columns, vf_weight(b, VF_ROLE_SSM_CONV)));
  vf_ref q = delta_keys(b, l, conv), k = delta_keys(b, l, conv);
  uint64_t states = vf_build_mul(b, dim, b->g->seqs, b->g->snapshots);
  uint64_t rows = vf_build_add(b, b->g->tokens, states);
  const vf_ref sources[] = {q, k, vf_strided(conv), gate, beta, state};
  vf_ref o = vf_graph_op(&b->graph, VF_OP_NEW, vf_build_mul(b, inner, rows, F32_BYTES), sources, 6);
  vf_write_states(b, vf_build_mul(b, dim * inner, b->g->seqs, F32_BYTES), o);
  vf_ref y = vf_norm(b, l, bytes, vf_view(o), VF_ROLE_SSM_NORM);
  y = vf_over2(b, bytes, y, vf_over(b, bytes, vf_view(z)));
  bytes = vf_build_tokens(b, b->model->n_embd);
  return vf_view(vf_multiply(b, bytes, VF_ROLE_SSM_OUT, vf_view(y)));
}
