/* shortconv.c - the gated short convolution. */
#include "engines/ggml/mixers/recurrent.h"

vf_ref vf_build_short_convolution(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t d = b->model->n_embd, bytes = vf_build_tokens(b, d);
  vf_ref bcx = vf_multiply(b, vf_build_tokens(b, 3 * d), VF_ROLE_SHORTCONV_IN, vf_view(x));
  vf_ref gated = vf_over2(b, bytes, vf_strided(bcx), vf_strided(bcx));
  vf_ref history = vf_read_states(b, d * (l->conv - 1));
  vf_ref columns = vf_with_history(b, l, d, history, vf_view(gated));
  vf_ref y = vf_new2(b, bytes, columns, vf_weight(b, VF_ROLE_SHORTCONV_CONV));
  y = vf_over2(b, bytes, vf_strided(bcx), y);
  return vf_view(vf_multiply(b, bytes, VF_ROLE_SHORTCONV_OUT, y));
}
