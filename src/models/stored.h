/* stored.h - what the files of a checkpoint hold, against what its config makes. */
#ifndef VF_MODELS_STORED_H
#define VF_MODELS_STORED_H

#include "core/model.h"
#include "models/inventory.h"

/* Fails where the files hold other or more than `derived`, which the config makes and whose method
 * of quantization is set: a matrix of another size, layers behind the last one that predict no
 * further tokens, plain numbers where the config says AWQ or GPTQ.  `source` names the files. */
vf_status vf_stored_check(const vf_model *derived, const vf_inventory *inv, const char *source,
                          vf_error *err);

/* Gives weights of fewer than 16 bits that no method of quantization explains the model's own type
 * of numbers, and tells it; `arena` is for what is only needed meanwhile. */
vf_status vf_stored_widen(vf_model *m, vf_arena *arena, vf_error *err);

#endif
