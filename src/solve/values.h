/* values.h - lists of values: "8k,32k", or "any" for all that are usual. */
#ifndef VF_SOLVE_VALUES_H
#define VF_SOLVE_VALUES_H

#include "deploy/asker.h"
#include "vramfit/solve.h"

typedef struct vf_values {
  const char **texts;
  size_t count;
} vf_values;

/* Splits the list, or names what "any" means for this deployment: all models or devices of the
 * catalogs, all engines; the engine's usual formats, widest first; contexts up to the model's
 * limit; 1 to 64 sequences, 1 to 8 devices.  Texts lie in the arena or are static. */
vf_status vf_values_of(vf_values *out, vf_asker *asker, const vf_deployment *base, vf_axis axis,
                       vf_arena *arena, vf_error *err);

#endif
