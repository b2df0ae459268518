/* training_moments.h - a step's memory over time. */
#ifndef VF_CORE_TRAINING_MOMENTS_H
#define VF_CORE_TRAINING_MOMENTS_H

#include "core/training_parts.h"

/* All moments of a run, from its parts. */
void vf_train_put_moments(vf_train *out, const vf_train_parts *p, bool keeps_gradients);

#endif
