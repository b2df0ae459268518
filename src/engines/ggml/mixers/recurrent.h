/* recurrent.h - what the mixers that keep a state share. */
#ifndef VF_ENGINES_GGML_MIXERS_RECURRENT_H
#define VF_ENGINES_GGML_MIXERS_RECURRENT_H

#include "engines/ggml/build.h"

/* States that only move: none of them, in memory of 0 bytes.  All states as an operand. */
void vf_move_states(vf_ggml_builder *b, vf_ref states);
vf_ref vf_all_states(vf_ggml_builder *b, uint64_t bytes);

/* `size` numbers of each of the batch's sequences; written back. */
vf_ref vf_read_states(vf_ggml_builder *b, uint64_t size);
void vf_write_states(vf_ggml_builder *b, uint64_t bytes, vf_ref x);

/* A column of `own` numbers out of a product of `width` per token. */
vf_ref vf_columns_of(vf_ggml_builder *b, uint64_t width, uint64_t own, vf_ref x);

/* The last columns of each sequence in front of the new ones, and the convolution of both. */
vf_ref vf_with_history(vf_ggml_builder *b, const vf_layer *l, uint64_t channels, vf_ref history,
                       vf_ref x);
vf_ref vf_convolved(vf_ggml_builder *b, uint64_t bytes, vf_ref columns);

/* The mixers: from the normalized input to the output projection. */
vf_ref vf_build_mamba1(vf_ggml_builder *b, const vf_layer *l, vf_ref x);
vf_ref vf_build_mamba_heads(vf_ggml_builder *b, const vf_layer *l, vf_ref x);
vf_ref vf_build_mamba2(vf_ggml_builder *b, const vf_layer *l, vf_ref x);
vf_ref vf_build_short_convolution(vf_ggml_builder *b, const vf_layer *l, vf_ref x);
vf_ref vf_build_delta_net(vf_ggml_builder *b, const vf_layer *l, vf_ref x);
vf_ref vf_build_kda(vf_ggml_builder *b, const vf_layer *l, vf_ref x);

#endif
