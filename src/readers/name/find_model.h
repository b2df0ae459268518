/* find_model.h - the entry that a name of a model means.
 *
 * By equal words alone: an entry that says more than the name (a distillation, a size, a variant)
 * is never it.  A name that says more, and whose further words are no family, size or kind of
 * model, is taken for one of the same shape, and told to be. */
#ifndef VF_READERS_NAME_FIND_MODEL_H
#define VF_READERS_NAME_FIND_MODEL_H

#include "readers/catalog.h"
#include "readers/name/model_name.h"

typedef enum vf_model_match {
  VF_MATCH_NONE,
  VF_MATCH_NAMED,      /* the name is the entry's */
  VF_MATCH_WORDS,      /* it has the entry's words */
  VF_MATCH_LATEST,     /* a family without a size: what Ollama's library calls the latest */
  VF_MATCH_ONLY_SIZE,  /* a family without a size, of which one is known */
  VF_MATCH_SAME_SHAPE, /* it says more: a fine-tune, if it is one */
} vf_model_match;

typedef struct vf_model_found {
  vf_model_match match;
  vf_catalog_entry entry;
  const char
      *usual; /* the format of an Ollama tag that states none; NULL: the engine's usual one */
  size_t usual_length;
} vf_model_found;

void vf_model_find(vf_model_found *out, const vf_context *ctx, const vf_model_name *name);

/* Whether the file behind a tag was made when Q2_K was wider. */
bool vf_model_name_is_early(const vf_model_name *name);

/* Fails with what the name could have meant. */
vf_status vf_model_unknown(const vf_context *ctx, const char *ref, const vf_model_name *name,
                           vf_error *err);

#endif
