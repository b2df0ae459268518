/* help.h - the texts that explain the program. */
#ifndef VF_CLI_HELP_H
#define VF_CLI_HELP_H

#include <stdio.h>

#include "vramfit/report.h"

void print_help(FILE *out);
void print_version(FILE *out, const vf_context *ctx);

#endif
