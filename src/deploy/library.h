/* library.h - files of Ollama's library whose size is known to be another than that of the file
 * that llama-quantize makes of the same model. */
#ifndef VF_DEPLOY_LIBRARY_H
#define VF_DEPLOY_LIBRARY_H

#include "base/facts.h"
#include "core/model.h"

/* Once a model is stored in the format that the name states: how large that file is, where the
 * entry says it ("ollama.files"). */
void vf_library_store(vf_model *m, const vf_facts *facts);

#endif
