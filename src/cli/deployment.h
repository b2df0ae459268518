/* deployment.h - what the options say about a deployment, for every command that estimates one. */
#ifndef VF_CLI_DEPLOYMENT_H
#define VF_CLI_DEPLOYMENT_H

#include "options.h"

vf_status need_model_and_gpu(const args *a, vf_error *err);

/* For commands that take one value of each. */
vf_status refuse_lists(const args *a, vf_error *err);

/* Files and models that go beside the model: fills the request; the caller frees *draft. */
vf_status open_beside(vf_request *request, vf_model **draft, const args *a, const vf_context *ctx,
                      vf_error *err);

/* All that the options say; lists are left out, and *draft is the caller's to free. */
vf_status read_deployment(vf_deployment *out, vf_model **draft, const args *a,
                          const vf_context *ctx, vf_error *err);

/* The list that was typed for an axis; NULL: one value or none. */
const char *list_of(const args *a, vf_axis_kind kind);

#endif
