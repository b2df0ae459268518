/* mamba.c - selective state spaces: Mamba and Mamba 2. */
#include "models/mixers/mixer.h"

void vf_emit_mamba1(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, inner = l->inner, state = l->state, rank = l->rank;
  bool bias = has(l, VF_LAYER_SSM_BIAS);
  add_matrix(b, VF_ROLE_SSM_IN, i, d, 2 * inner, bias);
  add_matrix(b, VF_ROLE_SSM_CONV, i, l->conv, inner, false);
  add_bias(b, VF_ROLE_SSM_CONV, i, inner, 1);
  add(b, VF_ROLE_SSM_X, i, inner, rank + 2 * state);
  add_matrix(b, VF_ROLE_SSM_DT, i, rank, inner, true);
  add_bare(b, VF_ROLE_SSM_A, i, state, inner);
  add_bare(b, VF_ROLE_SSM_D, i, inner, 1);
  add_matrix(b, VF_ROLE_SSM_OUT, i, inner, d, bias);
  if (!has(l, VF_LAYER_SSM_NORMS)) return;
  add(b, VF_ROLE_SSM_DT_NORM, i, rank, 1);
  add(b, VF_ROLE_SSM_B_NORM, i, state, 1);
  add(b, VF_ROLE_SSM_C_NORM, i, state, 1);
}

void vf_emit_mamba2(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, inner = l->inner, bc = 2ull * l->groups * l->state, heads = l->rank;
  bool bias = has(l, VF_LAYER_SSM_BIAS);
  add_matrix(b, VF_ROLE_SSM_IN, i, d, 2 * inner + bc + heads, bias);
  add(b, VF_ROLE_SSM_CONV, i, l->conv, inner + bc);
  add_bias(b, VF_ROLE_SSM_CONV, i, inner + bc, 1);
  add_bias(b, VF_ROLE_SSM_DT, i, heads, 1);
  add_bare(b, VF_ROLE_SSM_A, i, 1, heads);
  add_bare(b, VF_ROLE_SSM_D, i, 1, heads);
  if (has(l, VF_LAYER_SSM_NORM)) add(b, VF_ROLE_SSM_NORM, i, inner / l->groups, l->groups);
  add_matrix(b, VF_ROLE_SSM_OUT, i, inner, d, bias);
}

/* Sizes of a state-space mixer; what a config leaves out follows from what it says. */
void vf_lay_state(vf_builder *b, uint32_t i, vf_layer *l) {
  vf_hparams *h = &b->h;
  uint32_t d = (uint32_t)b->m->n_embd;
  l->conv = vf_hparam_need(h, VF_HP_CONV, i);
  l->state = vf_hparam_need(h, VF_HP_STATE, i);
  l->rank = vf_hparam_at(h, VF_HP_RANK, i, (d + 15) / 16);
  uint32_t inner = d * vf_hparam_at(h, VF_HP_EXPAND, i, 2);
  if (l->mixers & (VF_MIX_MAMBA2 | VF_MIX_DELTA)) {
    l->groups = vf_hparam_at(h, VF_HP_GROUPS, i, 1);
    if (!b->gguf) inner = l->rank * vf_hparam_need(h, VF_HP_SSM_HEAD_DIM, i);
  }
  l->inner = vf_hparam_at(h, VF_HP_INNER, i, inner);
  if ((l->mixers & (VF_MIX_MAMBA2 | VF_MIX_DELTA)) && (l->rank == 0 || l->inner % l->rank != 0))
    vf_hparam_fail(h, VF_HP_RANK, VF_MALFORMED, "%u channels do not divide into %u heads", l->inner,
                   l->rank);
}
