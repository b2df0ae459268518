/* module_names.h - what checkpoints call the modules that tensors belong to. */
#ifndef VF_MODELS_MODULE_NAMES_H
#define VF_MODELS_MODULE_NAMES_H

#include "core/model.h"

enum { VF_MODULE_NAME = 96 };

/* "layers.3.self_attn.q_proj": the tensor's module without wrappers, by its i-th name; families
 * differ.  False if it has no more names. */
bool vf_module_name(char out[VF_MODULE_NAME], const vf_model *m, const vf_tensor *t, int i);

#endif
