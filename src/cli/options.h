/* options.h - what the command line says, read by one table. */
#ifndef VF_CLI_OPTIONS_H
#define VF_CLI_OPTIONS_H

#include "vramfit/report.h"

typedef enum color_mode { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER } color_mode;

/* A headroom as typed: bytes, or a share of the capacity. */
typedef struct headroom_arg {
  bool set;
  uint64_t bytes;
  uint32_t permille;
} headroom_arg;

typedef struct tensor_split_arg {
  uint32_t shares[VF_MAX_DEVICES];
  size_t count;
} tensor_split_arg;

/* "exps=CPU,blk.0=CUDA1": patterns are strings in the text; the list is made when the arguments are
 * where they stay. */
typedef struct override_arg {
  struct {
    size_t at; /* of the pattern */
    int32_t device;
  } items[VF_MAX_OVERRIDES];
  char text[2048];
  size_t count;
} override_arg;

/* "7B..14B": both ends belong to it; 0: no end. */
typedef struct range_arg {
  uint64_t least, most;
} range_arg;

enum { MAX_OPERANDS = 16 };

/* What table and max vary: lists are kept as typed, single values are read at once. */
typedef struct axes_arg {
  const char *ctx, *seqs, *kv; /* NULL: one value, or none */
  const char *gpus;
  const char *rows, *columns; /* names of axes */
} axes_arg;

typedef struct args {
  const char *command;                /* NULL: fit */
  const char *operands[MAX_OPERANDS]; /* words behind the command */
  size_t n_operands;
  const char *model, *quant, *gpu;
  const char *mmproj, *lora, *draft, *draft_quant;
  vf_request request;
  const char *plot;
  const char *scenario, *card_svg;
  bool card;
  const char *catalog, *id, *family, *vendor;
  axes_arg axes;
  vf_cell_shows cell;
  uint64_t min_ctx;
  uint32_t min_seqs;
  range_arg params, memory;
  uint64_t used_bytes;
  headroom_arg headroom;
  tensor_split_arg tensor_split;
  override_arg overrides;
  vf_report_options report;
  color_mode color;
  const char *sysroot;
  bool total; /* --gpu auto: as if nobody held anything */
  bool launch, strict, quiet, fit, tensors, help, version;
} args;

/* Reads the command line; on failure err says which option and why. */
vf_status args_parse(args *out, int argc, char **argv, vf_error *err);

/* More options, as one text: "--quant q4 --gpu 'RTX 4090'".  Words are put into `storage`, which
 * must live as long as the args; ARGS_STORAGE bytes are enough for `text` of ARGS_TEXT. */
enum { ARGS_TEXT = 1000, ARGS_STORAGE = 8 * ARGS_TEXT };
vf_status args_extend(args *a, const char *text, char storage[ARGS_STORAGE], vf_error *err);

vf_status too_many_words(const char *word, vf_error *err);

/* One row of the option table, for --help and the tests. */
typedef struct option_row {
  const char *section; /* a heading; everything else is empty then */
  char short_name;
  const char *long_name;
  const char *argument;
  const char *help;
} option_row;

const option_row *option_rows(size_t *count);

#endif
