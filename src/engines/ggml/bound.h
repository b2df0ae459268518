/* bound.h - bounds of the compute buffers of ggml's graphs. */
#ifndef VF_ENGINES_GGML_BOUND_H
#define VF_ENGINES_GGML_BOUND_H

#include "engines/ggml/graph.h"

/* The buffer of the device that runs the whole graph. */
vf_status vf_ggml_device_bound(vf_interval *out, const vf_model *model, const vf_ggml_graph *g,
                               vf_error *err);

#endif
