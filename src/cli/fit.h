/* fit.h - the command fit: one model, one machine, one verdict. */
#ifndef VF_CLI_FIT_H
#define VF_CLI_FIT_H

#include "options.h"

enum exit_code { EXIT_FITS = 0, EXIT_NO_FIT = 1, EXIT_TROUBLE = 2 };

/* Runs the command and returns the exit status; on trouble err says why. */
enum exit_code command_fit(const args *a, const vf_context *ctx, vf_error *err);

#endif
