/* arch.h - from facts to a model: the architectures that vramfit knows.
 *
 * One row of a table per model_type, built by a shared builder; a model_type that has no row is
 * unknown, and is said to be. */
#ifndef VF_MODELS_ARCH_H
#define VF_MODELS_ARCH_H

#include "base/facts.h"
#include "core/model.h"
#include "models/inventory.h"

/* Builds the two lists of a HF-style config.  Its tensors have no useful format yet: apply a
 * recipe.  Fails with the key that is missing or wrong. */
vf_status vf_arch_build(vf_model **out, const vf_facts *facts, vf_error *err);

/* Builds a model from the facts and the tensors of a GGUF file, in the formats of the file.  The
 * inventory has kept the tensors' names. */
vf_status vf_arch_build_file(vf_model **out, const vf_facts *facts, const vf_inventory *inv,
                             vf_error *err);

/* Fails unless the tensors of a checkpoint are those of the model that its config describes: every
 * layer has some, and plain numbers are not fewer than the config makes of them.  `source` names
 * the checkpoint. */
vf_status vf_arch_check_checkpoint(const vf_model *derived, const vf_inventory *inv,
                                   const char *source, vf_error *err);

/* What a GGUF file calls the architecture of a HF-style config; NULL: it has no name for it. */
const char *vf_arch_gguf(const vf_facts *facts);

/* The model_type of row i, NULL beyond the end. */
const char *vf_arch_name(size_t i);

#endif
