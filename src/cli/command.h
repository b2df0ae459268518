/* command.h - the commands of the program, and what they tell the shell. */
#ifndef VF_CLI_COMMAND_H
#define VF_CLI_COMMAND_H

#include "options.h"

enum exit_code {
  EXIT_FITS = 0,
  EXIT_NO_FIT = 1,
  EXIT_TROUBLE = 2,
  EXIT_UNREADABLE = 3 /* 2 to the shell: a report says why, and no line of ours has to */
};

/* Bits of the commands, for the options that they take. */
enum command_bit {
  FIT = 1 << 0,
  TABLE = 1 << 1,
  MAX = 1 << 2,
  COMPARE = 1 << 3,
  INSPECT = 1 << 4,
  EXPLAIN_TOPIC = 1 << 5,
  DETECT = 1 << 6,
  PLACE = 1 << 7,
  MODELS = 1 << 8,
  GPUS = 1 << 9,
  NODES = 1 << 10,
  WORKLOADS = 1 << 11,
  FORMATS = 1 << 12,
  ENGINES = 1 << 13,
  ESTIMATING = FIT | TABLE | MAX | COMPARE, /* they take every parameter of a deployment */
  CHECK = 1 << 14,
  TRAIN = 1 << 15,
  ANY_COMMAND = (1 << 16) - 1,
  NAMING = FIT | TABLE | MAX | TRAIN, /* behind their own words a model and a GPU may stand */
};

/* What a verdict is to a script: --strict refuses TIGHT, --allow-risky takes RISKY. */
enum exit_code code_of(const args *a, vf_verdict verdict);

typedef struct command {
  const char *name;
  enum command_bit bit;
  size_t most_operands;
  enum exit_code (*run)(const args *a, const vf_context *ctx, vf_error *err);
  const char *usage, *help;      /* for --help */
  const char *const *parameters; /* that it takes, NULL-terminated; NULL: all, if it estimates */
  const char *leads;             /* the heading of its own options, first in its help; or NULL */
} command;

extern const command commands[];
extern const size_t n_commands;

/* The command that was asked for; NULL: there is none of that name. */
const command *find_command(const char *name);

/* Ours for what other programs call so; NULL: it is no such word. */
const char *command_elsewhere(const char *name);

/* Each runs and returns the exit status; on trouble err says why. */
enum exit_code command_fit(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_train(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_models(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_gpus(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_nodes(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_workloads(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_formats(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_engines(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_detect(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_place(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_check(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_table(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_max(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_compare(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_explain(const args *a, const vf_context *ctx, vf_error *err);
enum exit_code command_inspect(const args *a, const vf_context *ctx, vf_error *err);

/* A device without a model, or a model without a device: what runs on it, or carries it. */
enum exit_code command_runners(const args *a, bool newest_first, const vf_context *ctx,
                               vf_error *err);

#endif
