/* kda.c - Kimi delta attention. */
#include "models/mixers/mixer.h"

void vf_emit_kda(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, inner = l->inner, dim = l->state, heads = l->rank;
  static const vf_role projections[] = {VF_ROLE_ATTN_Q, VF_ROLE_ATTN_K, VF_ROLE_ATTN_V};
  static const vf_role convs[] = {VF_ROLE_SSM_CONV_Q, VF_ROLE_SSM_CONV_K, VF_ROLE_SSM_CONV_V};
  for (int p = 0; p < 3; p++) {
    add(b, projections[p], i, d, inner);
    add(b, convs[p], i, l->conv, inner);
  }
  add_bare(b, VF_ROLE_SSM_A, i, 1, heads);
  add(b, VF_ROLE_SSM_F_A, i, d, dim);
  add(b, VF_ROLE_SSM_F_B, i, dim, inner);
  add_bias(b, VF_ROLE_SSM_DT, i, inner, 1);
  add(b, VF_ROLE_SSM_BETA, i, d, heads);
  if (has(l, VF_LAYER_O_GATED)) {
    add(b, VF_ROLE_ATTN_GATE, i, d, inner);
  } else {
    add(b, VF_ROLE_SSM_G_A, i, d, dim);
    add(b, VF_ROLE_SSM_G_B, i, dim, inner);
  }
  add(b, VF_ROLE_SSM_NORM, i, dim, 1);
  add(b, VF_ROLE_ATTN_OUTPUT, i, inner, d);
}

void vf_lay_kda(vf_builder *b, uint32_t i, vf_layer *l) {
  vf_hparams *h = &b->h;
  l->conv = vf_hparam_need(h, VF_HP_CONV, i);
  l->state = vf_hparam_need(h, VF_HP_KDA_HEAD_DIM, i);
  l->rank = b->gguf ? l->n_heads : vf_hparam_need(h, VF_HP_KDA_HEADS, i);
  l->inner = l->rank * l->state;
}
