/* training_megatron.h - what Megatron itself says of a run. */
#ifndef VF_CORE_TRAINING_MEGATRON_H
#define VF_CORE_TRAINING_MEGATRON_H

#include "core/training_parts.h"

/* Its "theoretical memory footprints", into a run that is Megatron's. */
void vf_train_put_theory(vf_train *out, const vf_model *m, const vf_train_model *s,
                         const vf_run *r);

#endif
