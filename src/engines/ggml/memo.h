/* memo.h - the buffer of a graph that has been played before.
 *
 * A graph depends on the model's shape and on the batch, not on the weights' formats or on the
 * device: whoever asks for many of those asks for the same graph again. */
#ifndef VF_ENGINES_GGML_MEMO_H
#define VF_ENGINES_GGML_MEMO_H

#include "core/estimate.h"
#include "engines/ggml/graph.h"

/* As vf_ggml_device_buffer. */
vf_status vf_ggml_device_buffer_again(uint64_t *out, vf_memo *memo, const vf_model *model,
                                      const vf_ggml_graph *g, vf_error *err);

/* As vf_ggml_host_buffer. */
vf_status vf_ggml_host_buffer_again(uint64_t *out, vf_memo *memo, const vf_model *model,
                                    const vf_ggml_graph *g, vf_error *err);

#endif
