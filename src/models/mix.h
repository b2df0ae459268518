/* mix.h - publishers' own mixes: files whose tensors are chosen one by one, known by their sizes.
 */
#ifndef VF_MODELS_MIX_H
#define VF_MODELS_MIX_H

#include "core/model.h"

/* Name of mix i; NULL beyond the end. */
const char *vf_mix_name(size_t i);

/* Stores the model as the recipe that mix i began as, and says by how much such files differ from
 * it: as a whole, and tensor by tensor. */
vf_status vf_mix_apply(vf_model *model, size_t i, vf_error *err);

#endif
