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

/* The format that a name of ik_llama.cpp's means: "IQ4_K", "smol-IQ3_KS", "IQ5_KS_R4";
 * VF_FORMAT_NONE: it is none. */
vf_format vf_mix_ik_format(const char *name);

/* Stores the model as files with that name have it. */
vf_status vf_mix_apply_ik(vf_model *model, const char *name, vf_format format, vf_error *err);

#endif
