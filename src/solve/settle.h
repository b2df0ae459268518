/* settle.h - what a deployment leaves open, as its engine settles it: llama.cpp's --fit, which is
 * on unless it is said to be off.  One rule for lines, files, boxes and comparisons. */
#ifndef VF_SOLVE_SETTLE_H
#define VF_SOLVE_SETTLE_H

#include "deploy/setup.h"

/* Settles the request for these devices, and tells what came of it; out->code NULL: nothing was
 * open.  scratch is overwritten.  Fails as vf_estimate_run() and vf_llama_fit() do. */
vf_status vf_settle(vf_settled *out, vf_request *r, vf_switch fit, vf_estimate *scratch,
                    const vf_model *model, const vf_device *devices, size_t n, vf_error *err);

#endif
