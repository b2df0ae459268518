/* trtllm.h - config.json as TensorRT-LLM writes it, beside its checkpoints and engines.
 *
 * It names an architecture where others name a model_type, and an engine's config holds the model's
 * below pretrained_config.  Sizes are those of the whole model, however many ranks share it. */
#ifndef VF_MODELS_TRTLLM_H
#define VF_MODELS_TRTLLM_H

#include "base/facts.h"
#include "core/model.h"

/* True if that is what the facts are. */
bool vf_trtllm_recognize(const vf_facts *facts);

/* The model_type of the architecture, and the model's facts.  VF_UNSUPPORTED names an architecture
 * that is not known. */
vf_status vf_trtllm_find(const char **model_type, vf_facts *view, const vf_facts *facts,
                         vf_error *err);

/* Says what the config states about ranks and about the cache, which the model itself has no place
 * for. */
void vf_trtllm_assume(vf_model *m, const vf_facts *view);

/* The name that transformers' configs have for a flag; NULL: the same one, or none. */
const char *vf_trtllm_flag(const char *key);

#endif
