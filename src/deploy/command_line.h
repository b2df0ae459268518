/* command_line.h - what an engine's command line says about memory. */
#ifndef VF_DEPLOY_COMMAND_LINE_H
#define VF_DEPLOY_COMMAND_LINE_H

#include "deploy/scenario.h"

/* Splits by the shell's rules for blanks, quotes and backslashes; words lie in the arena. */
vf_status vf_command_split(const char ***out, size_t *count, const char *text, vf_arena *arena,
                           vf_error *err);

/* The engine that the first words start ("vllm serve", "llama-server", "ollama serve"…), with the
 * words that they are in *used; NULL if they start none that is known. */
const char *vf_command_engine(const char *const *words, size_t count, size_t *used);

/* Fills in what the options say, for an engine that is known by name; options that do not count for
 * memory are passed over.  Errors name the word. */
vf_status vf_command_options(vf_scenario_workload *w, const char *engine, const char *const *words,
                             size_t count, vf_error *err);

#endif
