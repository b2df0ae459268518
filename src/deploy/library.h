/* library.h - files of Ollama's library: what is known of their sizes, and the tags that pull them.
 */
#ifndef VF_DEPLOY_LIBRARY_H
#define VF_DEPLOY_LIBRARY_H

#include "base/facts.h"
#include "core/model.h"
#include "readers/catalog.h"

/* Once a model is stored in the format that the name states: how large that file is, where the
 * entry says it ("ollama.files"). */
void vf_library_store(vf_model *m, const vf_facts *facts);

/* The tag of Ollama's library whose file is this model in its format: the one that was typed, or
 * the shortest with a size in it; false if there is none.  `typed` may be NULL. */
bool vf_library_tag(char out[VF_NAME_SIZE], const vf_context *ctx, const vf_model *m,
                    const char *typed);

#endif
