/* lightning.c - linear attention with a state per head. */
#include "models/mixers/mixer.h"

/* Queries, keys and values in one, a gate of the result, a norm before the output. */
void vf_emit_lightning(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, inner = (uint64_t)l->n_heads * l->k_dim;
  add(b, VF_ROLE_ATTN_QKV, i, d, 3 * inner);
  add(b, VF_ROLE_ATTN_GATE, i, d, inner);
  add(b, VF_ROLE_SSM_NORM, i, inner, 1);
  add(b, VF_ROLE_ATTN_OUTPUT, i, inner, d);
}
