/* describe.h - a model in words and sums: formats by share, layers by kind, cache by token. */
#ifndef VF_CORE_DESCRIBE_H
#define VF_CORE_DESCRIBE_H

#include "core/model.h"
#include "vramfit/inspect.h"

/* Tensors by format, the largest share first; at most VF_FORMAT_COUNT. */
size_t vf_describe_formats(vf_format_share out[VF_FORMAT_COUNT], const vf_tensor *tensors,
                           size_t count);

/* Groups of equal layers in the order of their first one; *out lies in the arena. */
vf_status vf_describe_layers(vf_layer_group **out, size_t *n, const vf_model *m, vf_arena *arena,
                             vf_error *err);

/* Cache of one sequence with keys and values in `format`, without any padding. */
vf_cache_cost vf_describe_cache(const vf_model *m, vf_format format);

/* Recurrent state of one sequence, and the longest window. */
uint64_t vf_describe_state_bytes(const vf_model *m);
uint64_t vf_describe_window(const vf_model *m);

#endif
