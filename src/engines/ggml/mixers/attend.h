/* attend.h - what the mixers that attend share: how a cache is written and read. */
#ifndef VF_ENGINES_GGML_MIXERS_ATTEND_H
#define VF_ENGINES_GGML_MIXERS_ATTEND_H

#include "engines/ggml/build.h"

/* Sizes of one attention as the cache sees it: latent ones have one wide key head. */
typedef struct vf_heads {
  uint64_t heads, kv_heads, k, v; /* k, v: elements per head */
  uint64_t cells;                 /* per stream */
  uint64_t absorbed_v;            /* latent: width that the result is multiplied back to; 0: none */
  int window;                     /* index of the inputs */
} vf_heads;

uint64_t vf_cells_of(const vf_ggml_builder *b, const vf_layer *l);

/* Keys and values into the cache, in the order of the graph. */
void vf_write_cache(vf_ggml_builder *b, const vf_layer *l, const vf_heads *s, vf_ref k, vf_ref v);

/* The result of queries over all of the cache; mask 0: the cache's own. */
vf_ref vf_flash_attention(vf_ggml_builder *b, const vf_layer *l, const vf_heads *s, vf_ref q,
                          vf_ref mask);
vf_ref vf_plain_attention(vf_ggml_builder *b, const vf_layer *l, const vf_heads *s, vf_ref q,
                          vf_ref mask);

/* Rotation of quantized caches, writing, reading. */
vf_ref vf_attend(vf_ggml_builder *b, const vf_layer *l, const vf_heads *s, vf_ref q, vf_ref k,
                 vf_ref v);

/* Attention whose keys and values are compressed: cached as they are, or as heads. */
vf_ref vf_build_latent(vf_ggml_builder *b, const vf_layer *l, vf_ref x);
vf_ref vf_build_expanded(vf_ggml_builder *b, const vf_layer *l, vf_ref x);

#endif
