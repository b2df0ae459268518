/* beside.h - whether files beside a model are what their engine loads: adapters, and towers. */
#ifndef VF_MODELS_BESIDE_H
#define VF_MODELS_BESIDE_H

#include "base/facts.h"
#include "core/model.h"
#include "models/inventory.h"

/* Fails unless a GGUF file of that header and those tensors, whose names are kept, is a LoRA: pairs
 * of matrices that can be multiplied.  With a model, also unless it is a LoRA of that one. */
vf_status vf_adapter_check(const vf_facts *facts, const vf_inventory *inv, const vf_model *model,
                           vf_error *err);

/* Fails unless it is a tower that has the layers that its header counts. */
vf_status vf_tower_check(const vf_facts *facts, const vf_inventory *inv, vf_error *err);

#endif
