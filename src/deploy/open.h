/* open.h - a model out of what was loaded. */
#ifndef VF_DEPLOY_OPEN_H
#define VF_DEPLOY_OPEN_H

#include "core/model.h"
#include "deploy/load.h"

/* Builds the model in the named format; NULL: as it is stored, or as its makers publish it. */
vf_status vf_build_model(vf_model **out, vf_loaded *l, const char *quant, const char *engine,
                         vf_error *err);

/* Fails unless the file at `path`, which is an adapter, is one of that model. */
vf_status vf_adapter_of_model(const vf_context *ctx, const char *path, const vf_model *m,
                              vf_error *err);

#endif
