/* rwkv.c - RWKV: time mixing and channel mixing. */
#include "models/mixers/mixer.h"

/* Layer 0 has no value of an earlier layer to mix in; its matrices have the rate's rank. */
void vf_emit_rwkv(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, ff = l->n_ff;
  uint64_t value = i == 0 ? l->low_rank[1] : l->low_rank[2];
  const uint64_t halves[] = {l->low_rank[1], value, l->low_rank[3]};
  add(b, VF_ROLE_TIME_MIX_KEEP32, i, d, 1);
  add(b, VF_ROLE_TIME_MIX_KEEP32, i, d, l->low_rank[0]);
  add(b, VF_ROLE_TIME_MIX_KEEP32, i, l->low_rank[0], d);
  for (int n = 0; n < 3; n++) {
    add(b, VF_ROLE_TIME_MIX_KEEP16, i, d, halves[n]);
    add(b, VF_ROLE_TIME_MIX_KEEP16, i, halves[n], d);
  }
  vf_builder_add(b, (vf_tensor){{d, 1, 1, 6}, 0, 1, i, VF_ROLE_TIME_MIX_KEEP32, 0, 0});
  for (int n = 0; n < 5; n++) add(b, VF_ROLE_TIME_MIX_KEEP32, i, d, 1);
  for (int n = 0; n < 4; n++) add(b, VF_ROLE_TIME_MIX_MATRIX, i, d, d);
  add(b, VF_ROLE_TIME_MIX_KEEP32, i, d, 1);
  add_bias(b, VF_ROLE_TIME_MIX_KEEP32, i, d, 1);
  add(b, VF_ROLE_CHANNEL_MIX_KEEP32, i, d, 1);
  add(b, VF_ROLE_CHANNEL_MIX_MATRIX, i, d, ff);
  add(b, VF_ROLE_CHANNEL_MIX_MATRIX, i, ff, d);
}

void vf_lay_rwkv(vf_builder *b, uint32_t i, vf_layer *l) {
  vf_hparams *h = &b->h;
  l->state = vf_hparam_need(h, VF_HP_HEAD_SIZE, i);
  if (l->ops & VF_OPS_RWKV6) {
    l->low_rank[0] = vf_hparam_need(h, VF_HP_TIME_MIX_EXTRA, i);
    l->low_rank[1] = vf_hparam_need(h, VF_HP_TIME_DECAY_EXTRA, i);
    return;
  }
  l->low_rank[0] = vf_hparam_need(h, VF_HP_LOW_RANK_DECAY, i);
  l->low_rank[1] = vf_hparam_need(h, VF_HP_LOW_RANK_RATE, i);
  l->low_rank[2] = vf_hparam_need(h, VF_HP_LOW_RANK_VALUE, i);
  l->low_rank[3] = vf_hparam_need(h, VF_HP_LOW_RANK_GATE, i);
}
