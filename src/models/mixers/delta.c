/* delta.c - gated delta net. */
#include "models/mixers/mixer.h"

void vf_emit_delta_net(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, keys = (uint64_t)l->groups * l->state, heads = l->rank;
  add(b, VF_ROLE_ATTN_QKV, i, d, 2 * keys + l->inner);
  add(b, VF_ROLE_ATTN_GATE, i, d, l->inner);
  add(b, VF_ROLE_SSM_CONV, i, l->conv, 2 * keys + l->inner);
  add_bias(b, VF_ROLE_SSM_DT, i, heads, 1);
  add_bare(b, VF_ROLE_SSM_A, i, heads, 1);
  if (has(l, VF_LAYER_BA_FUSED)) {
    add(b, VF_ROLE_SSM_BETA_ALPHA, i, d, 2 * heads);
  } else {
    add(b, VF_ROLE_SSM_BETA, i, d, heads);
    add(b, VF_ROLE_SSM_ALPHA, i, d, heads);
  }
  add(b, VF_ROLE_SSM_NORM, i, l->inner / heads, 1);
  add(b, VF_ROLE_SSM_OUT, i, l->inner, d);
}
