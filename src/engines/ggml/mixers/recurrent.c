/* recurrent.c - what mixers with a state share: how it is read, moved and written, and the
 * convolution in front. */
#include "engines/ggml/mixers/recurrent.h"

enum { F32_BYTES = 4 };

/* States that only move: none of them, in memory of 0 bytes. */
void vf_move_states(vf_ggml_builder *b, vf_ref states) {
  vf_ref moved = vf_new2(b, 0, states, b->in[VF_IN_STATES_MOVED]);
  vf_sink(b, moved, 0, vf_cache_backend(b));
}

/* All states as an operand, the one of a new sequence set to nothing before. */
vf_ref vf_all_states(vf_ggml_builder *b, uint64_t bytes) {
  if (b->schedule == NULL) return 0;
  vf_sink(b, 0, 0, vf_cache_backend(b));
  return vf_cache_rows(b, bytes, vf_cache_backend(b));
}

/* `size` numbers of each of the batch's sequences. */
vf_ref vf_read_states(vf_ggml_builder *b, uint64_t size) {
  uint64_t bytes = vf_build_mul(b, size, b->g->seqs, F32_BYTES);
  vf_ref states = vf_all_states(b, bytes), x = vf_new2(b, bytes, states, b->in[VF_IN_STATES]);
  vf_expand(b, x);
  vf_move_states(b, states);
  return vf_slice(b, bytes, vf_view(x));
}

void vf_write_states(vf_ggml_builder *b, uint64_t bytes, vf_ref x) {
  vf_sink(b, vf_slice(b, bytes, vf_view(x)), 0, vf_cache_backend(b));
}

/* A column of so many numbers out of a product of `width` per token: up to its end in the last
 * one. */
vf_ref vf_columns_of(vf_ggml_builder *b, uint64_t width, uint64_t own, vf_ref x) {
  return vf_slice(b, vf_build_tokens(b, width) - (width - own) * F32_BYTES, vf_strided(x));
}

/* The last columns of each sequence in front of the new ones; the new last ones are kept. */
vf_ref vf_with_history(vf_ggml_builder *b, const vf_layer *l, uint64_t channels, vf_ref history,
                       vf_ref x) {
  uint64_t back = l->conv - 1;
  uint64_t columns = vf_build_add(b, b->g->tokens, vf_build_mul(b, back, b->g->seqs, 1));
  uint64_t bytes = vf_build_mul(b, channels, columns, F32_BYTES);
  vf_ref y = vf_new2(b, bytes, history, x);
  vf_write_states(b, bytes - b->g->tokens / b->g->seqs * F32_BYTES, y);
  return y;
}

/* The convolution, its bias, its activation. */
vf_ref vf_convolved(vf_ggml_builder *b, uint64_t bytes, vf_ref columns) {
  vf_ref y = vf_new2(b, bytes, columns, vf_weight(b, VF_ROLE_SSM_CONV));
  return vf_over(b, bytes, vf_over2(b, bytes, y, vf_bias(b, VF_ROLE_SSM_CONV)));
}

vf_ref vf_build_recurrent(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  if (l->mixers & VF_MIX_DELTA) return vf_build_delta_net(b, l, x);
  if (l->mixers & VF_MIX_KDA) return vf_build_kda(b, l, x);
  if (l->ops & VF_OPS_MAMBA_HEADS) return vf_build_mamba_heads(b, l, x);
  if (l->mixers & VF_MIX_MAMBA1) return vf_build_mamba1(b, l, x);
  if (l->mixers & VF_MIX_SHORTCONV) return vf_build_short_convolution(b, l, x);
  return vf_build_mamba2(b, l, x);
}
