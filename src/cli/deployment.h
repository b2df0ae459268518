/* deployment.h - from the command line to a deployment. */
#ifndef VF_CLI_DEPLOYMENT_H
#define VF_CLI_DEPLOYMENT_H

#include "options.h"

/* The list that an axis was given, "8k,16k" or "any"; NULL: one value, or none. */
const char *list_of(const args *a, vf_axis_kind kind);

/* What commands that take one value say to a list. */
vf_status refuse_lists(const vf_command *c, vf_error *err);

/* What a command comes to, with this machine where it is named.  A model and a device are needed;
 * lists stand for them. */
vf_status read_deployment(vf_deployment *out, vf_command *c, const args *a, const vf_context *ctx,
                          vf_error *err);

/* The same where a model or a device is asked for, and the other one is named. */
vf_status read_half(vf_deployment *out, vf_command *c, const args *a, const vf_context *ctx,
                    vf_error *err);

#endif
