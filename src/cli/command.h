/* command.h - the commands of the program, and what they tell the shell. */
#ifndef VF_CLI_COMMAND_H
#define VF_CLI_COMMAND_H

#include "options.h"

enum exit_code { EXIT_FITS = 0, EXIT_NO_FIT = 1, EXIT_TROUBLE = 2, EXIT_INTERRUPTED = 130 };

typedef struct command {
  const char *name;
  size_t most_operands;
  enum exit_code (*run)(const args *a, const vf_context *ctx, vf_error *err);
  const char *usage, *help; /* for --help */
} command;

extern const command commands[];
extern const size_t n_commands;

/* Each runs and returns the exit status; on trouble err says why. */
enum exit_code command_fit(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_models(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_gpus(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_nodes(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_workloads(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_formats(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_engines(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_detect(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_place(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_table(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_max(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_compare(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_explain(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_inspect(const args *a, const vf_context *ctx, vf_error *err);

#endif
