/* mixer.h - what the mixers of a layer are laid out by, and the tensors that they need.
 *
 * vf_lay_* read a header's or a config's sizes into the layer, vf_emit_* list its tensors. */
#ifndef VF_MODELS_MIXERS_MIXER_H
#define VF_MODELS_MIXERS_MIXER_H

#include "models/builder.h"

/* ---- One tensor ------------------------------------------------------------------------- */

/* A weight of in x out, `depth` of them in one; a vector has out = 1. */
static inline void add3(vf_builder *b, vf_role role, int32_t layer, uint64_t in, uint64_t out,
                        uint64_t depth) {
  vf_builder_add(b, (vf_tensor){.ne = {in, out, depth, 1},
                                .count = 1,
                                .layer = layer,
                                .role = (uint16_t)role,
                                .suffix = VF_SUFFIX_WEIGHT});
}

static inline void add(vf_builder *b, vf_role role, int32_t layer, uint64_t in, uint64_t out) {
  add3(b, role, layer, in, out, 1);
}

static inline void add_bias(vf_builder *b, vf_role role, int32_t layer, uint64_t n,
                            uint64_t depth) {
  vf_builder_add(b, (vf_tensor){.ne = {n, depth, 1, 1},
                                .count = 1,
                                .layer = layer,
                                .role = (uint16_t)role,
                                .suffix = VF_SUFFIX_BIAS});
}

/* A tensor whose name ends in neither weight nor bias. */
static inline void add_bare(vf_builder *b, vf_role role, int32_t layer, uint64_t in, uint64_t out) {
  vf_builder_add(b, (vf_tensor){.ne = {in, out, 1, 1},
                                .count = 1,
                                .layer = layer,
                                .role = (uint16_t)role,
                                .suffix = VF_SUFFIX_NONE});
}

static inline void add_matrix(vf_builder *b, vf_role role, int32_t layer, uint64_t in, uint64_t out,
                              bool bias) {
  add(b, role, layer, in, out);
  if (bias) add_bias(b, role, layer, out, 1);
}

static inline bool has(const vf_layer *l, uint64_t flag) {
  return (l->flags & flag) != 0;
}

static inline void add_norm(vf_builder *b, vf_role role, int32_t i, const vf_layer *l, uint64_t n) {
  add(b, role, i, n, 1);
  if (has(l, VF_LAYER_NORM_BIAS)) add_bias(b, role, i, n, 1);
}

/* ---- Mixers ----------------------------------------------------------------------------- */

void vf_lay_block_index(vf_builder *b, uint32_t i, vf_layer *l);
void vf_lay_compressed(vf_builder *b, uint32_t i, vf_layer *l);
void vf_lay_latent(vf_builder *b, uint32_t i, vf_layer *l);
void vf_lay_state(vf_builder *b, uint32_t i, vf_layer *l);
void vf_lay_kda(vf_builder *b, uint32_t i, vf_layer *l);
void vf_lay_rwkv(vf_builder *b, uint32_t i, vf_layer *l);

void vf_emit_qk_norms(vf_builder *b, int32_t i, const vf_layer *l);
void vf_emit_attention(vf_builder *b, int32_t i, const vf_layer *l);
void vf_emit_latent(vf_builder *b, int32_t i, const vf_layer *l);
void vf_emit_compressed(vf_builder *b, int32_t i, const vf_layer *l);
void vf_emit_cross(vf_builder *b, int32_t i, const vf_layer *l);
void vf_emit_mamba1(vf_builder *b, int32_t i, const vf_layer *l);
void vf_emit_mamba2(vf_builder *b, int32_t i, const vf_layer *l);
void vf_emit_delta_net(vf_builder *b, int32_t i, const vf_layer *l);
void vf_emit_kda(vf_builder *b, int32_t i, const vf_layer *l);
void vf_emit_short_convolution(vf_builder *b, int32_t i, const vf_layer *l);
void vf_emit_lightning(vf_builder *b, int32_t i, const vf_layer *l);
void vf_emit_rwkv(vf_builder *b, int32_t i, const vf_layer *l);

#endif
