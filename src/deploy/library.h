/* library.h - what the files of Ollama's library have otherwise than a file that llama-quantize
 * makes of the same model: an output matrix of its own, parts that stay wide, another size. */
#ifndef VF_DEPLOY_LIBRARY_H
#define VF_DEPLOY_LIBRARY_H

#include "base/facts.h"
#include "core/model.h"

/* The facts to build such a file's model from: *out is *facts, or a list of its own with what the
 * entry's "ollama" says. */
vf_status vf_library_facts(vf_facts *out, const vf_facts *facts, vf_error *err);

/* Once a model is stored in the format that the name states: what stays wide, and how large the
 * file is where that is known. */
vf_status vf_library_store(vf_model *m, const vf_facts *facts, vf_error *err);

#endif
