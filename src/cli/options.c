/* options.c - reading the command line by table.
 *
 * A word is one of the program's options (options.def), a parameter of the deployment or an
 * engine's word for one (the library's table, vf_command_option), the value of one, or an operand.
 * Options are known by their whole names: abbreviations would break scripts when options are added.
 * What stands behind "--" is an engine's own line, and none of it is ours. */
#include "options.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "trouble.h"

typedef vf_status (*parser)(void *field, const char *text, vf_error *err);

/* ---- Parsers ---- */

static vf_status parse_string(void *field, const char *text, vf_error *err) {
  if (text[0] == '\0') return trouble(err, "", "an empty value says nothing");
  *(const char **)field = text;
  return VF_OK;
}

/* --offload params --offload activations is both: the one list that programs say in pieces. */
static vf_status parse_list(void *field, const char *text, vf_error *err) {
  args *a = (args *)((unsigned char *)field - offsetof(args, train.offload));
  size_t had = strlen(a->offload), n = strlen(text), comma = had != 0;
  if (n == 0) return trouble(err, "", "an empty value says nothing");
  if (had + comma + n >= sizeof a->offload) return trouble(err, "", "more words than there are");
  if (comma) a->offload[had] = ',';
  memcpy(a->offload + had + comma, text, n + 1);
  a->train.offload = a->offload;
  return VF_OK;
}

static vf_status parse_exclude(void *field, const char *text, vf_error *err) {
  const char **list = field;
  size_t n = 0;
  while (list[n] != NULL) n++;
  if (n == MAX_EXCLUDES) return trouble(err, "", "more than %d patterns", MAX_EXCLUDES);
  list[n] = text;
  return VF_OK;
}

static vf_status parse_flag(void *field, const char *text, vf_error *err) {
  (void)text;
  (void)err;
  *(bool *)field = true;
  return VF_OK;
}

static vf_status parse_tokens(void *field, const char *text, vf_error *err) {
  return vf_tokens_parse(field, text, err);
}

static vf_status parse_size(void *field, const char *text, vf_error *err) {
  enum { LEAST_BARE = 1000000 }; /* nothing smaller is a size: its unit was forgotten */
  vf_status status = vf_size_parse(field, text, err);
  if (status == VF_OK && *(uint64_t *)field == 0)
    return trouble(err, "", "a size of 0 says nothing");
  if (status == VF_OK && *(uint64_t *)field < LEAST_BARE &&
      text[strspn(text, "0123456789")] == '\0')
    return trouble(err, "", "%s of what? %sGiB or %sGB", text, text, text);
  return status;
}

/* A whole number within [least, most]; no sign, no suffix. */
static bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *out) {
  uint64_t n = 0;
  if (text[0] == '\0') return false;
  for (const char *c = text; *c != '\0'; c++) {
    if (*c < '0' || *c > '9' || n > most) return false;
    n = n * 10 + (uint64_t)(*c - '0');
  }
  *out = n;
  return n >= least && n <= most;
}

static vf_status parse_count(void *field, const char *text, vf_error *err) {
  uint64_t n;
  if (!read_number(text, 1, VF_MAX_SEQS * 16, &n))
    return trouble(err, "", "'%s' is not a number from 1 to 1048576", text);
  *(uint32_t *)field = (uint32_t)n;
  return VF_OK;
}

/* "A..B", "A..", "..B", or "A" for both; read_one reads an end. */
static vf_status parse_range(range_arg *out, const char *text,
                             vf_status (*read_one)(uint64_t *out, const char *text, vf_error *err),
                             vf_error *err) {
  const char *dots = strstr(text, "..");
  char low[32];
  range_arg r = {0};
  vf_status status = VF_OK;
  int n = snprintf(low, sizeof low, "%.*s", dots != NULL ? (int)(dots - text) : (int)strlen(text),
                   text);
  if (n < 0 || (size_t)n >= sizeof low || strcmp(text, "..") == 0)
    return trouble(err, "", "'%.40s' is not a range (A..B)", text);
  if (low[0] != '\0') status = read_one(&r.least, low, err);
  r.most = dots != NULL ? 0 : r.least;
  if (status == VF_OK && dots != NULL && dots[2] != '\0') status = read_one(&r.most, dots + 2, err);
  if (status == VF_OK && r.most != 0 && r.most < r.least)
    return trouble(err, "", "'%s' ends before it begins", text);
  if (status == VF_OK) *out = r;
  return status;
}

static vf_status read_size(uint64_t *out, const char *text, vf_error *err) {
  return parse_size(out, text, err);
}

static vf_status parse_memory(void *field, const char *text, vf_error *err) {
  return parse_range(field, text, read_size, err);
}

/* "7B", "494M", "1.5T": parameters, in powers of 1000. */
static vf_status read_params(uint64_t *out, const char *text, vf_error *err) {
  static const struct {
    char unit;
    double factor;
  } units[] = {{'k', 1e3}, {'M', 1e6}, {'B', 1e9}, {'T', 1e12},
               {'m', 1e6}, {'b', 1e9}, {'t', 1e12}};
  char *end;
  double value = strtod(text, &end), factor = 1;
  bool number = end != text && text[0] >= '0' && text[0] <= '9' && strpbrk(text, "xXpPeE") == NULL;
  for (size_t i = 0; i < sizeof units / sizeof *units && *end != '\0'; i++)
    if (*end == units[i].unit && end[1] == '\0') factor = units[i].factor;
  if (!number || factor == 1 || !(value > 0 && value * factor < 1e18))
    return trouble(err, "", "'%s' is not a number of parameters (7B, 494M, 1.5T)", text);
  *out = (uint64_t)(value * factor + 0.5);
  return VF_OK;
}

static vf_status parse_parameters(void *field, const char *text, vf_error *err) {
  return read_params(field, text, err);
}

static vf_status parse_params(void *field, const char *text, vf_error *err) {
  return parse_range(field, text, read_params, err);
}

/* Index of the word in a NULL-terminated list. */
static vf_status parse_word(int *out, const char *text, const char *const *words, vf_error *err) {
  for (int i = 0; words[i] != NULL; i++) {
    if (strcmp(text, words[i]) != 0) continue;
    *out = i;
    return VF_OK;
  }
  char list[128] = "";
  for (int i = 0; words[i] != NULL; i++) {
    size_t n = strlen(list);
    snprintf(list + n, sizeof list - n, "%s%s", i == 0 ? "" : ", ", words[i]);
  }
  return trouble(err, "", "'%s' is not one of: %s", text, list);
}

static vf_status parse_report_format(void *field, const char *text, vf_error *err) {
  const char *words[VF_REPORT_COUNT + 1] = {NULL};
  int word = 0;
  for (size_t i = 0; i < VF_REPORT_COUNT; i++) words[i] = vf_report_format_name(i);
  vf_status status = parse_word(&word, text, words, err);
  if (status == VF_OK) *(vf_report_format *)field = (vf_report_format)word;
  return status;
}

static vf_status parse_cell(void *field, const char *text, vf_error *err) {
  static const char *const words[] = {"headroom", "verdict", "need", NULL};
  int word = 0;
  vf_status status = parse_word(&word, text, words, err);
  if (status == VF_OK) *(vf_cell_shows *)field = (vf_cell_shows)word;
  return status;
}

static vf_status parse_json(void *field, const char *text, vf_error *err) {
  (void)text;
  (void)err;
  *(vf_report_format *)field = VF_REPORT_JSON;
  return VF_OK;
}

static vf_status parse_color(void *field, const char *text, vf_error *err) {
  static const char *const words[] = {"auto", "always", "never", NULL};
  int word = 0;
  vf_status status = parse_word(&word, text, words, err);
  if (status == VF_OK) *(color_mode *)field = (color_mode)word;
  return status;
}

static vf_status parse_unit(void *field, const char *text, vf_error *err) {
  static const char *const words[] = {"gib", "gb", NULL};
  int word = 0;
  vf_status status = parse_word(&word, text, words, err);
  if (status == VF_OK) *(vf_unit *)field = (vf_unit)word;
  return status;
}

/* ---- The table ---- */

enum option_id {
#define SECTION(title)
#define SHARED(id)
#define OPTION(id, short_name, long_name, argument, parse, field, commands, help) OPT_##id,
#include "options.def"
#undef SHARED
#undef SECTION
#undef OPTION
  OPT_COUNT
};

typedef struct option_spec {
  char short_name;
  const char *long_name, *argument;
  parser parse;
  size_t offset;
  unsigned commands;
} option_spec;

static const option_spec specs[] = {
#define SECTION(title)
#define SHARED(id)
#define OPTION(id, short_name, long_name, argument, parse, field, commands, help)                  \
  [OPT_##                                                                                          \
      id] = {short_name, long_name, argument, parse, offsetof(args, field), (unsigned)(commands)},
#include "options.def"
#undef SHARED
#undef SECTION
#undef OPTION
};

/* Engines have the word, too. */
static const bool shared[OPT_COUNT] = {
#define SECTION(title)
#define SHARED(id) [OPT_##id] = true,
#define OPTION(id, short_name, long_name, argument, parse, field, commands, help)
#include "options.def"
#undef SHARED
#undef SECTION
#undef OPTION
};

static const option_row rows[] = {
#define SECTION(title) {title, 0, NULL, NULL, NULL, 0},
#define SHARED(id)
#define OPTION(id, short_name, long_name, argument, parse, field, commands, help)                  \
  {NULL, short_name, long_name, argument, help, (unsigned)(commands)},
#include "options.def"
#undef SHARED
#undef SECTION
#undef OPTION
};

const option_row *option_rows(size_t *count) {
  *count = sizeof rows / sizeof *rows;
  return rows;
}

/* ---- One word ---- */

/* A word that was read as an option of ours; what it does waits until the command is known. */
typedef struct found {
  const option_spec *spec;
  const char *value;
  size_t at;
} found;

typedef struct line {
  args *a;
  const vf_context *ctx;
  const char *const *words;
  size_t count;
  found list[MAX_WORDS];
  size_t n_found;
} line;

static const option_spec *find_spec(const char *word, const char **value) {
  size_t n = strcspn(word, "=");
  *value = word[n] == '=' ? word + n + 1 : NULL;
  for (size_t i = 0; i < OPT_COUNT; i++) {
    bool is_long = word[1] == '-' && strlen(specs[i].long_name) + 2 == n &&
                   memcmp(word + 2, specs[i].long_name, n - 2) == 0;
    bool is_short = specs[i].short_name != 0 && word[1] == specs[i].short_name && word[2] == '\0';
    if (is_long || is_short) return &specs[i];
  }
  return NULL;
}

/* What people call ours elsewhere: other programs' words for it, and slips. */
static const struct {
  const char *word, *ours;
} elsewhere[] = {
    {"--vram", "--memory 24GiB"},
    {"--gpu-memory", "--memory 24GiB"},
    {"--ram", "--host-memory 64GiB"},
    {"--context", "--ctx 8k"},
    {"--num-ctx", "--ctx 8k"},
    {"--num_ctx", "--ctx 8k"},
    {"--n-ctx", "--ctx 8k"},
    {"--max-seq-len", "--ctx 8k"},
    {"--max-length", "--ctx 8k"},
    {"--precision", "--quant f16"},
    {"--bits", "--quant q4"},
    {"--format-weights", "--quant q4"},
    {"--batch", "--seqs N, sequences at once, or --batch-size N, tokens at once"},
    {"--concurrency", "--seqs N"},
    {"--users", "--seqs N"},
    {"--parallel-requests", "--seqs N"},
    {"--device", "--gpu rtx-4090"},
    {"--card", "--gpu rtx-4090"},
    {"--kv-cache", "--kv q8_0"},
    {"--layers", "--ngl N"},
    {"--zero", "--parallel zero3"},
    {"--zero-stage", "--parallel zero3"},
    {"--zero_stage", "--parallel zero3"},
    {"--fsdp", "--parallel fsdp"},
    {"--ddp", "--parallel ddp"},
    {"--deepspeed", "--config FILE.json"},
    {"--qlora", "--method qlora"},
    {"--load-in-4bit", "--method qlora"},
    {"--load_in_4bit", "--method qlora"},
    {"--rank", "--lora-rank N"},
    {"--lora-r", "--lora-rank N"},
    {"--lora_r", "--lora-rank N"},
    {"--gradient-checkpointing", "--checkpointing full"},
    {"--gradient_checkpointing", "--checkpointing full"},
    {"--gradient-accumulation-steps", "--grad-accum N"},
    {"--gradient_accumulation_steps", "--grad-accum N"},
    {"--per-device-train-batch-size", "--micro-batch N"},
    {"--per_device_train_batch_size", "--micro-batch N"},
    {"--micro-batch-size", "--micro-batch N"},
    {"--max-seq-length", "--seq-len 2k (of vramfit train), --ctx 8k (else)"},
    {"--max_seq_length", "--seq-len 2k (of vramfit train), --ctx 8k (else)"},
    {"-v", "--version"},
    {"-V", "--version"},
    {"-n", "--seqs N"},
};

static vf_status unknown_option(const char *word, vf_error *err) {
  const char *names[OPT_COUNT + 128] = {NULL};
  char bare[64];
  size_t n = 0;
  for (size_t i = 0; vf_param_get(i) != NULL && n + OPT_COUNT + 1 < sizeof names / sizeof *names;
       i++)
    names[n++] = vf_param_get(i)->name;
  for (size_t i = 0; i < OPT_COUNT; i++) names[n++] = specs[i].long_name;
  snprintf(bare, sizeof bare, "%.*s", (int)strcspn(word, "="), word);
  for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
    if (strcmp(bare, elsewhere[i].word) == 0)
      return trouble(err, "", "unknown option '%s': it is %s here", bare, elsewhere[i].ours);
  const char *nearest = vf_nearest_name(bare + strspn(bare, "-"), names);
  if (nearest == NULL)
    return trouble(err, "", "unknown option '%s' (vramfit --help lists them)", bare);
  return trouble(err, "", "unknown option '%s': did you mean --%s?", bare, nearest);
}

static bool is_option_word(const char *word) {
  bool number = word[0] == '-' && word[1] >= '0' && word[1] <= '9';
  return word[0] == '-' && word[1] != '\0' && !number && strchr(word, ' ') == NULL;
}

static vf_status take_own(line *l, const option_spec *spec, const char *value, size_t *at,
                          vf_error *err) {
  size_t first = *at;
  if (value != NULL && spec->argument == NULL)
    return trouble(err, "", "--%s takes no value", spec->long_name);
  if (value == NULL && spec->argument != NULL) {
    const char *next = *at + 1 < l->count ? l->words[*at + 1] : NULL;
    if (next == NULL || (is_option_word(next) && strcmp(next, "-") != 0))
      return trouble(err, "", "--%s needs a value (%s)", spec->long_name, spec->argument);
    value = next;
    ++*at;
  }
  if (l->n_found == MAX_WORDS) return trouble(err, "", "the command line is too long");
  l->list[l->n_found++] = (found){spec, value, first};
  return VF_OK;
}

static vf_status take_parameter(line *l, size_t *at, vf_error *err) {
  args *a = l->a;
  size_t first = *at;
  vf_status status = vf_command_option(a->deployment, l->words, l->count, at, err);
  if (status == VF_UNKNOWN) return unknown_option(l->words[first], err);
  if (status == VF_OK && a->n_at == MAX_WORDS)
    return trouble(err, "", "the command line is too long");
  if (status == VF_OK) a->at[a->n_at++] = first;
  return status;
}

static vf_status take_operand(args *a, const char *word, vf_error *err) {
  if (a->command == NULL) {
    a->command = word;
    return VF_OK;
  }
  if (a->n_operands == MAX_OPERANDS) return too_many_words(word, err);
  a->operands[a->n_operands++] = word;
  return VF_OK;
}

static vf_status take_words(line *l, vf_error *err) {
  vf_status status = VF_OK;
  for (size_t i = 0; status == VF_OK && i < l->count; i++) {
    const char *word = l->words[i], *value;
    const option_spec *spec = is_option_word(word) ? find_spec(word, &value) : NULL;
    if (spec != NULL)
      status = take_own(l, spec, value, &i, err);
    else if (is_option_word(word))
      status = take_parameter(l, &i, err);
    else
      status = take_operand(l->a, word, err);
  }
  return status;
}

/* ---- What a command takes ---- */

/* What says the same of another command. */
static const struct {
  const char *word;
  unsigned commands;
  const char *instead;
} instead[] = {
    {"--gpu", MODELS, "--fits GPU asks which run there"},
    {"--params", FIT | TABLE | MAX | COMPARE, "vramfit models --fits GPU --params A..B"},
    {"--family", FIT | TABLE | MAX | COMPARE, "vramfit models --fits GPU --family F"},
    {"--precision", FIT | TABLE | COMPARE, "--quant f16"},
    {"--ctx", TRAIN, "--seq-len 2k"},
    {"--seqs", TRAIN, "--micro-batch N"},
    {"--batch-size", TRAIN, "--micro-batch N"},
    {"--lora", TRAIN, "--method lora"},
    {"--kv", TRAIN, "training keeps no KV cache"},
};

/* "vramfit gpus and vramfit nodes do", where they are few; "" else. */
static void tell_takers(const char *word, size_t n, char *out, size_t size) {
  enum { MOST = 2 };
  size_t takers = 0;
  int length = 0;
  out[0] = '\0';
  for (size_t i = 0; i < n_commands; i++) {
    for (size_t k = 0; k < OPT_COUNT; k++) {
      if (strlen(specs[k].long_name) != n || memcmp(specs[k].long_name, word, n) != 0) continue;
      if ((specs[k].commands & commands[i].bit) == 0) continue;
      length += snprintf(out + length, size - (size_t)length, "%svramfit %s",
                         takers > 0 ? " and " : ": ", commands[i].name);
      takers++;
      break;
    }
    if (takers <= MOST && length >= 0 && (size_t)length < size / 2) continue;
    out[0] = '\0';
    return;
  }
  if (takers > 0) snprintf(out + length, size - (size_t)length, takers > 1 ? " do" : " does");
}

static vf_status takes_no(const command *c, const char *word, vf_error *err) {
  char takers[120];
  size_t n = strcspn(word, "=");
  for (size_t i = 0; i < sizeof instead / sizeof *instead; i++)
    if (strlen(instead[i].word) == n && memcmp(instead[i].word, word, n) == 0 &&
        (instead[i].commands & c->bit) != 0)
      return trouble(err, "", "vramfit %s takes no %.*s: %s", c->name, (int)n, word,
                     instead[i].instead);
  size_t dashes = strspn(word, "-");
  tell_takers(word + dashes, n - dashes, takers, sizeof takers);
  return trouble(err, "", "vramfit %s takes no %.*s%s", c->name, (int)n, word, takers);
}

/* Some commands have an option of their own with a parameter's name: a range of --memory. */
static bool is_parameter(const char *name) {
  for (size_t i = 0; vf_param_get(i) != NULL; i++)
    if (strcmp(vf_param_get(i)->name, name) == 0) return true;
  return false;
}

/* A word of ours that is an engine's here. */
static bool is_engines(const found *f, const command *c) {
  bool number =
      f->value != NULL && f->value[0] != '\0' && f->value[strspn(f->value, "0123456789")] == '\0';
  return shared[f->spec - specs] && number && (c->bit & ESTIMATING) != 0;
}

/* A graph is that of a deployment. */
static bool takes_deployment(const args *a, const command *c) {
  return (c->bit & ESTIMATING) != 0 || ((c->bit & INSPECT) != 0 && a->graph);
}

/* Whether the word is one of the few parameters that the command takes, by any of its names. */
static bool takes_parameter(const args *a, const command *c, const char *word) {
  if (takes_deployment(a, c)) return true;
  for (const char *const *p = c->parameters; p != NULL && *p != NULL; p++) {
    size_t n = strlen(*p);
    if (strncmp(word, "--", 2) == 0 && strncmp(word + 2, *p, n) == 0 &&
        (word[n + 2] == '\0' || word[n + 2] == '='))
      return true;
    for (size_t i = 0; vf_param_get(i) != NULL; i++)
      if (strcmp(vf_param_get(i)->name, *p) == 0 && vf_param_get(i)->letter != 0 &&
          word[1] == vf_param_get(i)->letter && word[2] == '\0')
        return true;
  }
  return false;
}

static vf_status apply_own(line *l, const command *c, vf_error *err) {
  for (size_t i = 0; i < l->n_found; i++) {
    const option_spec *spec = l->list[i].spec;
    char name[48];
    snprintf(name, sizeof name, "--%s", spec->long_name);
    bool ours = (spec->commands & c->bit) != 0;
    size_t at = l->list[i].at;
    bool engines = is_engines(&l->list[i], c);
    bool known = is_parameter(spec->long_name) || engines;
    if ((!ours || engines) && known && takes_parameter(l->a, c, name)) {
      vf_status status = take_parameter(l, &at, err);
      if (status != VF_OK) return status;
      continue;
    }
    if (!ours) return takes_no(c, name, err);
    const char *text = l->list[i].value != NULL ? l->list[i].value : "";
    vf_status status = spec->parse((unsigned char *)l->a + spec->offset, text, err);
    if (status != VF_OK && err->source[0] == '\0')
      snprintf(err->source, sizeof err->source, "%s", name);
    if (status != VF_OK) return status;
  }
  return VF_OK;
}

static vf_status check_parameters(const args *a, const command *c, vf_error *err) {
  for (size_t i = 0; i < a->n_at; i++)
    if (!takes_parameter(a, c, a->words[a->at[i]])) return takes_no(c, a->words[a->at[i]], err);
  if (a->line != NULL && !takes_deployment(a, c) && c->bit != TRAIN)
    return trouble(err, "", "vramfit %s takes no engine's command line", c->name);
  return VF_OK;
}

/* ---- A model and a GPU without options ---- */

static bool is_gpu(const vf_context *ctx, const char *word) {
  static vf_device devices[VF_MAX_DEVICES]; /* large */
  size_t n;
  if (strncmp(word, "auto", 4) == 0 && (word[4] == '\0' || word[4] == ':')) return true;
  return vf_devices_parse(devices, VF_MAX_DEVICES, &n, ctx, word, NULL) == VF_OK;
}

/* A word that is a slip of the pen for a command is none for a model. */
static bool is_like_a_command(const char *word) {
  enum { MOST = 40 };
  const char *names[MOST + 1] = {NULL};
  for (size_t i = 0; i < n_commands && i < MOST; i++) names[i] = commands[i].name;
  return vf_nearest_name(word, names) != NULL;
}

static bool is_elsewhere(const char *word) {
  return command_elsewhere(word) != NULL;
}

static bool is_model(const vf_context *ctx, const char *word) {
  vf_model *m;
  if (vf_model_open(&m, ctx, word, NULL, NULL, NULL) != VF_OK) return false;
  vf_model_free(m);
  return true;
}

static vf_status name(args *a, size_t at, const char *option, const char *word, vf_error *err) {
  size_t i = 0;
  a->named[at] = option;
  a->named[at + 1] = word;
  return vf_command_option(a->deployment, a->named + at, 2, &i, err);
}

/* One word is a model or a GPU, two are both, in any order. */
static vf_status take_both(const line *l, const char *const *words, size_t n, vf_error *err) {
  args *a = l->a;
  const char *first = words[0], *second = n > 1 ? words[1] : NULL;
  bool gpu_first = is_gpu(l->ctx, first);
  bool gpu_second = second != NULL && (gpu_first || n > 2) && is_gpu(l->ctx, second);
  if (gpu_second && (gpu_first || (n > 2 && is_gpu(l->ctx, words[2]))))
    return trouble(err, "", "GPUs that work together are one word: rtx-4060+rtx-3060, rtx-3090x2");
  if (n > 2) return too_many_words(words[2], err);
  bool swapped = gpu_first && second != NULL && !gpu_second;
  const vf_deployment *d = vf_command_so_far(a->deployment);
  bool is_gpu_word = gpu_first || (d->model != NULL && d->gpu == NULL);
  if (second == NULL && d->model != NULL && !is_gpu_word) return too_many_words(first, err);
  if (second == NULL) return name(a, 0, is_gpu_word ? "--gpu" : "--model", first, err);
  vf_status status = name(a, 0, "--model", swapped ? second : first, err);
  return status == VF_OK ? name(a, 2, "--gpu", swapped ? first : second, err) : status;
}

/* "max ctx llama3.1 rtx-4060": behind a command's own words; "llama3.1 rtx-4060", "rtx-4060",
 * "llama3.1": the first word is no command, and no slip for one. */
static vf_status take_names(const line *l, vf_error *err) {
  args *a = l->a;
  const command *c = find_command(a->command);
  const char *words[3] = {a->command};
  size_t n = 1;
  if (a->command == NULL) return VF_OK;
  if (c != NULL) {
    size_t own = c->most_operands;
    if ((c->bit & NAMING) == 0 || a->n_operands <= own) return VF_OK;
    n = a->n_operands - own;
    a->n_operands = own;
    return take_both(l, a->operands + own, n, err);
  }
  bool slip = is_elsewhere(a->command) || is_like_a_command(a->command);
  if (slip && !is_gpu(l->ctx, a->command) && !is_model(l->ctx, a->command)) return VF_OK;
  for (size_t i = 0; i < a->n_operands && n < 3; i++) words[n++] = a->operands[i];
  a->command = NULL;
  a->n_operands = 0;
  return take_both(l, words, n, err);
}

/* ---- Help as a word ---- */

/* "help", "help table", "help kv-cache", "version". */
static void take_help(args *a) {
  if (a->command == NULL) return;
  if (strcmp(a->command, "version") == 0) a->version = true;
  if (strcmp(a->command, "help") == 0) {
    const char *on = a->n_operands > 0 ? a->operands[0] : NULL;
    bool topic = on != NULL && find_command(on) == NULL;
    a->help = !topic;
    a->command = topic ? "explain" : on;
    if (!topic) a->n_operands = 0;
  }
  if (a->version) a->command = NULL;
}

/* ---- The whole line ---- */

/* The engine is named first, since words of engines depend on it. */
static vf_status take_engine(const line *l, vf_error *err) {
  for (size_t i = 0; i < l->count; i++) {
    const char *word = l->words[i];
    bool named = strcmp(word, "-e") == 0 || strcmp(word, "--engine") == 0 ||
                 strncmp(word, "--engine=", 9) == 0;
    size_t at = i;
    if (!named) continue;
    vf_status status = vf_command_option(l->a->deployment, l->words, l->count, &at, err);
    if (status != VF_OK) return status;
  }
  return VF_OK;
}

static const char *variable(void *user, const char *name) {
  (void)user;
  return getenv(name);
}

/* A line of a trainer, and its configuration, are for the commands about training. */
static bool is_for(const args *a, const char *name) {
  for (size_t i = 0; i < a->n_words; i++)
    if (a->words[i][0] != '-') return strcmp(a->words[i], name) == 0;
  return false;
}

/* Below all that is said: it is read first. */
static vf_status take_config(const line *l, vf_error *err) {
  bool takes = is_for(l->a, "train") || is_for(l->a, "max");
  for (size_t i = 0; takes && i < l->count; i++) {
    const char *word = l->words[i], *value = NULL;
    if (strncmp(word, "--config=", 9) == 0) value = word + 9;
    if (strcmp(word, "--config") == 0 && i + 1 < l->count) value = l->words[i + 1];
    if (value == NULL || value[0] == '-') continue;
    vf_status status = vf_command_read_config(l->a->deployment, value, err);
    if (status != VF_OK) return status;
  }
  return VF_OK;
}

static vf_status take_line(args *a, vf_error *err) {
  if (a->line == NULL) return VF_OK;
  if (is_for(a, "train")) return vf_command_read_trainer(a->deployment, a->line, a->n_line, err);
  vf_status status = vf_command_read(a->deployment, a->line, a->n_line, variable, NULL, err);
  if (status == VF_OK) vf_command_hold_line(a->deployment);
  return status;
}

/* Engines' options that are ours to pass over are told once; a line behind "--" has many. */
static void tell_passed(const args *a, size_t before) {
  const char *const *passed = vf_command_passed(a->deployment) + before;
  for (; !a->quiet && *passed != NULL; passed++)
    fprintf(stderr, "vramfit: note: %s moves no memory\n", *passed);
}

static size_t count_passed(const vf_command *c) {
  size_t n = 0;
  while (vf_command_passed(c)[n] != NULL) n++;
  return n;
}

static vf_status read_all(line *l, vf_error *err) {
  args *a = l->a;
  vf_status status = take_line(a, err);
  if (status == VF_OK) status = take_config(l, err);
  size_t passed = count_passed(a->deployment);
  if (status == VF_OK) status = take_engine(l, err);
  if (status == VF_OK) status = take_words(l, err);
  if (status != VF_OK) return status;
  take_help(a);
  for (size_t i = 0; i < a->n_words; i++) a->brief = a->brief || strcmp(a->words[i], "-h") == 0;
  if (!a->help && !a->version && a->generate == NULL) status = take_names(l, err);
  if (status != VF_OK) return status;
  const command *c = find_command(a->command);
  if (c == NULL) c = &commands[0]; /* told by whoever runs it */
  status = apply_own(l, c, err);
  if (status == VF_OK && find_command(a->command) != NULL && !a->help && !a->version)
    status = check_parameters(a, c, err);
  if (status == VF_OK) tell_passed(a, passed);
  return status;
}

vf_status args_parse(args *out, const vf_context *ctx, int argc, char **argv, vf_error *err) {
  static line l;       /* large: not on the stack, and there is one command line */
  out->command = NULL; /* not the lists: they are long, and counted */
  out->operands[0] = out->operands[1] = NULL;
  memset(&out->n_operands, 0, sizeof *out - offsetof(args, n_operands));
  vf_status status = vf_command_new(&out->deployment, ctx, err);
  if (status != VF_OK) return status;
  out->words = (const char *const *)argv + 1;
  out->n_words = (size_t)argc - 1;
  for (size_t i = 0; i < out->n_words; i++) {
    if (strcmp(out->words[i], "--") != 0) continue;
    out->line = out->words + i + 1;
    out->n_line = out->n_words - i - 1;
    out->n_words = i;
    break;
  }
  if (out->line != NULL && out->n_line == 0)
    return trouble(err, "", "what is to start? vramfit --gpu G -- vllm serve MODEL…");
  l.a = out;
  l.n_found = 0;
  l.ctx = ctx;
  l.words = out->words;
  l.count = out->n_words;
  return read_all(&l, err);
}

void args_free(args *a) {
  vf_command_free(a->deployment);
  a->deployment = NULL;
}

vf_status too_many_words(const char *word, vf_error *err) {
  return trouble(err, "", "'%s' is one word too many (a model is named with --model)", word);
}

/* ---- The same with more ---- */

/* Cuts the text into words in place: blanks part them, quotes of either kind keep them together. */
static int cut_words(char *text, const char **words, int most) {
  int n = 0;
  char *to = text;
  for (char *s = text; *s != '\0';) {
    while (*s == ' ' || *s == '\t') s++;
    if (*s == '\0') break;
    if (n == most) return -1;
    words[n++] = to;
    char quote = '\0';
    for (; *s != '\0' && (quote != '\0' || (*s != ' ' && *s != '\t')); s++) {
      if (quote == '\0' && (*s == '"' || *s == '\''))
        quote = *s;
      else if (*s == quote)
        quote = '\0';
      else
        *to++ = *s;
    }
    if (quote != '\0') return -1;
    if (*s != '\0') s++;
    *to++ = '\0';
  }
  return n;
}

static vf_status add_words(vf_command *c, const char *const *words, size_t count, vf_error *err) {
  vf_status status = VF_OK;
  for (size_t i = 0; status == VF_OK && i < count; i++) {
    const char *word = words[i];
    status = vf_command_option(c, words, count, &i, err);
    if (status == VF_UNKNOWN)
      return is_option_word(word) ? unknown_option(word, err) : too_many_words(word, err);
  }
  return status;
}

vf_status args_extend(vf_command **out, const args *a, const vf_context *ctx, const char *text,
                      char storage[ARGS_STORAGE], vf_error *err) {
  enum { MOST_WORDS = 64 };
  const char *words[MOST_WORDS];
  size_t length = strlen(text);
  if (length > ARGS_TEXT) return trouble(err, "", "'%.40s…' is too long", text);
  memcpy(storage, text, length + 1);
  int n = cut_words(storage, words, MOST_WORDS);
  if (n < 0)
    return trouble(err, "", "'%.80s' has a quote that does not end, or too many words", text);
  vf_command *c = NULL;
  vf_status status = vf_command_new(&c, ctx, err);
  if (status == VF_OK && a->line != NULL)
    status = vf_command_read(c, a->line, a->n_line, variable, NULL, err);
  for (size_t i = 0; status == VF_OK && i < a->n_at; i++) {
    size_t at = a->at[i];
    status = vf_command_option(c, a->words, a->n_words, &at, err);
  }
  if (status == VF_OK) status = add_words(c, words, (size_t)n, err);
  if (status == VF_OK)
    *out = c;
  else
    vf_command_free(c);
  return status;
}
