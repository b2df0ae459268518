/* cross.c - attention to what an encoder made. */
#include "models/mixers/mixer.h"

void vf_emit_cross(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, q = (uint64_t)l->n_heads * l->k_dim;
  uint64_t k = (uint64_t)l->n_kv_heads * l->k_dim, v = (uint64_t)l->n_kv_heads * l->v_dim;
  bool bias = has(l, VF_LAYER_QKV_BIAS);
  bool alone = (l->mixers & VF_MIX_ATTENTION) == 0; /* then the layer's own norm serves */
  if (!has(l, VF_LAYER_NO_NORMS) && !alone) add_norm(b, VF_ROLE_CROSS_ATTN_NORM, i, l, d);
  add_matrix(b, VF_ROLE_CROSS_ATTN_Q, i, d, q, bias);
  add_matrix(b, VF_ROLE_CROSS_ATTN_K, i, d, k, bias && !has(l, VF_LAYER_K_UNBIASED));
  add_matrix(b, VF_ROLE_CROSS_ATTN_V, i, d, v, bias);
  add_matrix(b, VF_ROLE_CROSS_ATTN_OUTPUT, i, q, d, has(l, VF_LAYER_OUT_BIAS));
  if (!has(l, VF_LAYER_CROSS_GATES)) return;
  vf_emit_qk_norms(b, i, l);
  add(b, VF_ROLE_CROSS_ATTN_GATE, i, 1, 1);
  add(b, VF_ROLE_CROSS_FFN_GATE, i, 1, 1);
}
