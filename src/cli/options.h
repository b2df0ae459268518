/* options.h - what the command line says: the program's own options by one table, parameters of a
 * deployment by the library's, and behind "--" an engine's own line. */
#ifndef VF_CLI_OPTIONS_H
#define VF_CLI_OPTIONS_H

#include "vramfit/report.h"

typedef enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER } color_mode;

/* "7B..14B": both ends belong to it; 0: no end. */
typedef struct range_arg {
  uint64_t least, most;
} range_arg;

enum { MAX_OPERANDS = 16384, MAX_WORDS = 1024, MAX_EXCLUDES = 64 };

typedef struct args {
  const char *command;                /* NULL: fit */
  const char *operands[MAX_OPERANDS]; /* words behind the command */
  size_t at[MAX_WORDS];               /* of the words that are parameters of a deployment */
  size_t n_operands, n_at;

  const char *const *words; /* the command line, without the program's name */
  size_t n_words;           /* up to "--" */
  const char *const *line;  /* behind it, an engine's own; NULL: there is none */
  size_t n_line;
  vf_command *deployment; /* what they and the line come to; of the context that was given */

  const char *plot;
  const char *scenario, *card_svg;
  const char *baseline, *write_baseline, *summary; /* files of check */
  const char *excludes[MAX_EXCLUDES + 1];          /* NULL-terminated */
  bool only_changed;
  bool card;
  const char *catalog, *id, *family, *vendor, *sysroot;
  const char *generate;       /* a man page or completions */
  const char *fits;           /* models: the device that they are to run on */
  const char *named[4];       /* words without an option: "--model", M, "--gpu", G */
  const char *rows, *columns; /* names of axes */
  vf_cell_shows cell;
  uint64_t min_ctx;
  uint32_t min_seqs;
  const char *config;     /* a trainer's: read before anything else */
  vf_train_request train; /* what its words say; the rest comes from the deployment */
  char offload[64];       /* of train, where its words came one by one */
  range_arg params, memory;
  vf_report_options report;
  color_mode color;
  bool launch, strict, allow_risky, all, quiet, tensors, graph, help, brief, version;
} args;

/* Reads the command line; on failure err says which option and why.  args_free in any case. */
vf_status args_parse(args *out, const vf_context *ctx, int argc, char **argv, vf_error *err);
void args_free(args *a);

/* The same deployment anew, to which more options can be added: "--quant q4 --gpu 'RTX 4090'",
 * which lie in `storage` (ARGS_STORAGE bytes) as long as it is used. */
enum { ARGS_TEXT = 1000, ARGS_STORAGE = 2 * ARGS_TEXT + 2 };
vf_status args_extend(vf_command **out, const args *a, const vf_context *ctx, const char *text,
                      char storage[ARGS_STORAGE], vf_error *err);

vf_status too_many_words(const char *word, vf_error *err);

/* One row of the option table, for --help and the tests. */
typedef struct option_row {
  const char *section; /* a heading; everything else is empty then */
  char short_name;
  const char *long_name;
  const char *argument;
  const char *help;
  unsigned commands; /* that take it: bits of command.h */
} option_row;

const option_row *option_rows(size_t *count);

#endif
