/* help.h - the texts that explain the program. */
#ifndef VF_CLI_HELP_H
#define VF_CLI_HELP_H

#include <stdio.h>

#include "command.h"

/* One screen; all of it; one command with the options that it takes. */
void print_brief_help(FILE *out);
void print_help(FILE *out);
void print_command_help(FILE *out, const command *c);
void print_version(FILE *out, const vf_context *ctx);

/* "man", or completions for "bash", "zsh" or "fish"; false: there is no such thing. */
bool print_generated(FILE *out, const char *what);

#endif
