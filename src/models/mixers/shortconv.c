/* shortconv.c - short convolution. */
#include "models/mixers/mixer.h"

void vf_emit_short_convolution(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd;
  add(b, VF_ROLE_SHORTCONV_CONV, i, l->conv, d);
  add(b, VF_ROLE_SHORTCONV_IN, i, d, 3 * d);
  add(b, VF_ROLE_SHORTCONV_OUT, i, d, d);
}
