/* recipe.h - quantization recipes: which format each tensor gets.
 *
 * A recipe's name is what people call a file ("Q4_K_M"); the rules behind it give every tensor a
 * format by its role, its place and its shape. */
#ifndef VF_MODELS_RECIPE_H
#define VF_MODELS_RECIPE_H

#include "core/model.h"

/* Stores every tensor of the model as the recipe says, or as the checkpoint scheme of that name
 * (scheme.h); case does not matter.  "IQ4_XS+imatrix": as with an importance matrix. */
vf_status vf_recipe_apply(vf_model *model, const char *name, vf_error *err);

/* Whether vf_recipe_apply knows the name. */
bool vf_recipe_is_known(const char *name);

/* Stores the model in the format that its makers publish it in. */
vf_status vf_recipe_apply_own(vf_model *model, vf_error *err);

/* The recipe that a GGUF file says it was made by (general.file_type); NULL: none that is known. */
const char *vf_recipe_of_file_type(int64_t file_type);

/* To call behind that: what the maker of such checkpoints, as it stands before the '/' of a name,
 * is known to leave in 16 bits. */
void vf_recipe_made_by(vf_model *model, const char *name);

/* Recipe i from the widest to the narrowest by typical quality; NULL beyond the end.  *common is
 * true for those that are worth suggesting. */
const char *vf_recipe_name(size_t i, bool *common);

/* Name i of what a GGUF file may be called by, recipes and publishers' mixes; NULL beyond the end.
 */
const char *vf_file_format_name(size_t i);

/* Name i of all that --quant takes, recipes and checkpoint schemes; NULL beyond the end. */
const char *vf_weight_format_name(size_t i);

#endif
