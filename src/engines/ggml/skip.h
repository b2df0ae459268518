/* skip.h - which layers of a graph need not be played.
 *
 * Layers that come in equal periods leave equal states behind once the memory has settled: then
 * the periods up to the next layer that is special change nothing. */
#ifndef VF_ENGINES_GGML_SKIP_H
#define VF_ENGINES_GGML_SKIP_H

#include "engines/ggml/build.h"

typedef struct vf_ggml_skip {
  bool learns; /* sizes do not matter: one period is enough */
  bool saved;
  uint32_t next_check, period;
  vf_graph_state states[2];
  int last;                       /* of these, the one that was saved last */
  uint32_t copied[VF_MAX_LAYERS]; /* what a layer copies from the host: equal if this is */
} vf_ggml_skip;

void vf_ggml_skip_begin(vf_ggml_skip *s, const vf_ggml_builder *b, bool learns);

/* How many layers to leave out before layer i, which takes over x. */
uint32_t vf_ggml_skip_layers(vf_ggml_skip *s, const vf_ggml_builder *b, uint32_t i, vf_ref x);

#endif
