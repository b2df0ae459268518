/* plot.h - where pictures go: a file, or the terminal. */
#ifndef VF_CLI_PLOT_H
#define VF_CLI_PLOT_H

#include "options.h"

/* Whether a picture can be drawn as it is asked for: asked before anything is printed. */
vf_status check_plot(const args *a, vf_error *err);

/* Draws what --plot asks for; scratch is overwritten. */
vf_status draw_plot(const args *a, const vf_estimate *estimate, vf_estimate *scratch,
                    const vf_model *model, const vf_request *request, const vf_device *devices,
                    size_t n_devices, vf_error *err);

/* The same of a training. */
vf_status draw_training(const args *a, const vf_train *train, vf_error *err);

#endif
