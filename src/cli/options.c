/* options.c - parsing by table: options.def gives every option its argument, parser and field.
 *
 * getopt_long does the reading.  Before that, engines' spellings with one dash (-ngl) are replaced
 * by ours, and every long option is checked by its whole name: abbreviations would break scripts
 * when options are added. */
#include "options.h"

#include <getopt.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trouble.h"

typedef vf_status (*parser)(void *field, const char *text, vf_error *err);

/* ---- Parsers ---------------------------------------------------------------------------- */

static vf_status parse_string(void *field, const char *text, vf_error *err) {
  if (text[0] == '\0') return trouble(err, "", "an empty value says nothing");
  *(const char **)field = text;
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
  vf_status status = vf_size_parse(field, text, err);
  if (status == VF_OK && *(uint64_t *)field == 0)
    return trouble(err, "", "a size of 0 says nothing");
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

/* Of a device, counted from 0. */
static vf_status parse_index(void *field, const char *text, vf_error *err) {
  uint64_t n;
  if (!read_number(text, 0, VF_MAX_DEVICES - 1, &n))
    return trouble(err, "", "'%s' is not a number from 0 to %d", text, VF_MAX_DEVICES - 1);
  *(uint32_t *)field = (uint32_t)n;
  return VF_OK;
}

/* Tokens in 32 bits: "8192", "8k". */
static vf_status parse_token_count(void *field, const char *text, vf_error *err) {
  uint64_t n;
  vf_status status = vf_tokens_parse(&n, text, err);
  if (status == VF_OK && n > 1 << 24)
    return trouble(err, "", "'%s' is more than 16M tokens at once", text);
  if (status == VF_OK) *(uint32_t *)field = (uint32_t)n;
  return status;
}

/* A share above 0 and up to 1, in millionths. */
static vf_status parse_share(void *field, const char *text, vf_error *err) {
  char *end;
  double share = strtod(text, &end);
  if (end == text || *end != '\0' || !(share > 0.0 && share <= 1.0))
    return trouble(err, "", "'%s' is not a share (above 0, up to 1: 0.92)", text);
  *(uint32_t *)field = (uint32_t)(share * 1e6 + 0.5);
  return *(uint32_t *)field != 0 ? VF_OK : trouble(err, "", "'%s' is as good as nothing", text);
}

/* In units of 10^9 bytes per second, "89.6". */
static vf_status parse_bandwidth(void *field, const char *text, vf_error *err) {
  char *end;
  double rate = strtod(text, &end);
  if (end == text || *end != '\0' || !(rate >= 1.0 && rate <= 1e5))
    return trouble(err, "", "'%s' is not a bandwidth in GB/s (1 to 100000)", text);
  *(uint32_t *)field = (uint32_t)(rate * 1e3 + 0.5);
  return VF_OK;
}

static vf_status parse_all_ranks(void *field, const char *text, vf_error *err) {
  (void)text;
  (void)err;
  *(uint32_t *)field = UINT32_MAX;
  return VF_OK;
}

/* As the engines take it, a number of GiB; or a size with its unit. */
static vf_status parse_gib(void *field, const char *text, vf_error *err) {
  uint64_t n;
  if (!read_number(text, 1, 1 << 20, &n)) return parse_size(field, text, err);
  *(uint64_t *)field = n << 30;
  return VF_OK;
}

static vf_status parse_layers(void *field, const char *text, vf_error *err) {
  uint64_t n;
  int32_t *layers = field;
  if (strcmp(text, "all") == 0 || strcmp(text, "-1") == 0 || strcmp(text, "auto") == 0) {
    *layers = -1;
    return VF_OK;
  }
  if (!read_number(text, 0, INT32_MAX, &n))
    return trouble(err, "", "'%s' is not a number of layers (all, or 0 and above)", text);
  *layers = (int32_t)n;
  return VF_OK;
}

/* Without a number: all of them. */
static vf_status parse_cpu_moe(void *field, const char *text, vf_error *err) {
  uint64_t n = UINT32_MAX;
  if (text[0] != '\0' && !read_number(text, 0, UINT32_MAX, &n))
    return trouble(err, "", "'%s' is not a number of layers", text);
  *(uint32_t *)field = (uint32_t)n;
  return VF_OK;
}

/* As llama-server takes it, a number of MiB; or a size with its unit. */
static vf_status parse_cache_ram(void *field, const char *text, vf_error *err) {
  uint64_t n;
  if (read_number(text, 0, INT32_MAX, &n)) {
    *(int64_t *)field = (int64_t)n << 20;
    return VF_OK;
  }
  vf_status status = vf_size_parse(&n, text, err);
  if (status == VF_OK) *(int64_t *)field = (int64_t)n;
  return status;
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

static vf_status parse_params(void *field, const char *text, vf_error *err) {
  return parse_range(field, text, read_params, err);
}

static vf_status parse_format(void *field, const char *text, vf_error *err) {
  return vf_format_find(field, text, err);
}

/* Keys and values alike; "auto" is the engine's own. */
static vf_status parse_kv(void *field, const char *text, vf_error *err) {
  vf_request *request = field;
  vf_status status = vf_kv_format_find(&request->kv_k, text, err);
  if (status == VF_OK) request->kv_v = request->kv_k;
  return status;
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

static vf_status parse_switch(void *field, const char *text, vf_error *err) {
  static const char *const words[] = {"auto", "off", "on", NULL};
  int word = 0;
  vf_status status = parse_word(&word, text, words, err);
  if (status == VF_OK) *(vf_switch *)field = (vf_switch)word;
  return status;
}

static vf_status parse_split(void *field, const char *text, vf_error *err) {
  static const char *const words[] = {"layer", "none", "row", "tensor", NULL};
  int word = 0;
  vf_status status = parse_word(&word, text, words, err);
  if (status == VF_OK) *(vf_split *)field = (vf_split)word;
  return status;
}

static vf_status parse_report_format(void *field, const char *text, vf_error *err) {
  static const char *const words[] = {"table", "json", "csv", "markdown", NULL};
  int word = 0;
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

static vf_status parse_headroom(void *field, const char *text, vf_error *err) {
  headroom_arg *headroom = field;
  char number[16];
  uint64_t percent;
  size_t n = strlen(text);
  *headroom = (headroom_arg){.set = true};
  if (n == 0 || n > sizeof number || text[n - 1] != '%')
    return vf_size_parse(&headroom->bytes, text, err);
  memcpy(number, text, n - 1);
  number[n - 1] = '\0';
  if (!read_number(number, 0, 100, &percent))
    return trouble(err, "", "'%s' is not a share (0%% to 100%%, whole) or a size", text);
  headroom->permille = (uint32_t)percent * 10;
  return VF_OK;
}

/* "6.5,10,4" in thousandths. */
static vf_status parse_tensor_split(void *field, const char *text, vf_error *err) {
  tensor_split_arg *split = field;
  const char *s = text;
  split->count = 0;
  while (split->count < VF_MAX_DEVICES) {
    char *end;
    double share = strtod(s, &end);
    if (end == s || !(share >= 0.0 && share <= 1e6)) break;
    split->shares[split->count++] = (uint32_t)(share * 1000.0 + 0.5);
    if (*end == '\0') return VF_OK;
    if (*end != ',') break;
    s = end + 1;
  }
  return trouble(err, "", "'%s' is not a list of proportions (3,1 or 6.5,10)", text);
}

static vf_status parse_spec_type(void *field, const char *text, vf_error *err) {
  static const char *const words[] = {"none", "draft-mtp", NULL};
  int word = 0;
  vf_status status = parse_word(&word, text, words, err);
  if (status == VF_OK) *(bool *)field = word == 1;
  return status;
}

/* The number behind the backend's name: "CUDA1"; -1 for main memory, -2: neither. */
static int32_t buffer_index(const char *name) {
  static const char *const backends[] = {"CUDA", "ROCm", "Vulkan", "SYCL", "Metal", NULL};
  if (strcmp(name, "CPU") == 0 || strcmp(name, "CUDA_Host") == 0) return -1;
  for (size_t i = 0; backends[i] != NULL; i++) {
    size_t n = strlen(backends[i]);
    uint64_t index = 0;
    if (strncmp(name, backends[i], n) != 0) continue;
    if (name[n] == '\0') return 0;
    return read_number(name + n, 0, VF_MAX_DEVICES - 1, &index) ? (int32_t)index : -2;
  }
  return -2;
}

static vf_status parse_overrides(void *field, const char *text, vf_error *err) {
  override_arg *o = field;
  int n = snprintf(o->text, sizeof o->text, "%s", text);
  if (n < 0 || (size_t)n >= sizeof o->text) return trouble(err, "", "the list is too long");
  o->count = 0;
  for (char *s = o->text; s != NULL && *s != '\0';) {
    char *comma = strchr(s, ',');
    if (comma != NULL) *comma = '\0';
    char *equals = strrchr(s, '=');
    int32_t device = equals != NULL ? buffer_index(equals + 1) : -2;
    if (device == -2 || equals == s)
      return trouble(err, "", "'%.60s' is not PATTERN=BUFFER (CPU, CUDA0, CUDA1…)", s);
    if (o->count == VF_MAX_OVERRIDES)
      return trouble(err, "", "more than %d patterns", VF_MAX_OVERRIDES);
    *equals = '\0';
    o->items[o->count].at = (size_t)(s - o->text);
    o->items[o->count++].device = device;
    s = comma != NULL ? comma + 1 : NULL;
  }
  return VF_OK;
}

/* ---- The table -------------------------------------------------------------------------- */

enum option_id {
#define SECTION(title)
#define OPTION(id, short_name, long_name, argument, parse, field, help) OPT_##id,
#define ALIAS(id, name)
#include "options.def"
#undef SECTION
#undef OPTION
#undef ALIAS
  OPT_COUNT
};

typedef struct option_spec {
  char short_name;
  const char *long_name, *argument;
  parser parse;
  size_t offset;
} option_spec;

static const option_spec specs[] = {
#define SECTION(title)
#define OPTION(id, short_name, long_name, argument, parse, field, help)                            \
  [OPT_##id] = {short_name, long_name, argument, parse, offsetof(args, field)},
#define ALIAS(id, name)
#include "options.def"
#undef SECTION
#undef OPTION
#undef ALIAS
};
_Static_assert(sizeof specs / sizeof *specs == OPT_COUNT, "every option has a row");

static const struct {
  const char *name; /* with its dashes */
  enum option_id id;
} aliases[] = {
#define SECTION(title)
#define OPTION(id, short_name, long_name, argument, parse, field, help)
#define ALIAS(id, name) {name, OPT_##id},
#include "options.def"
#undef SECTION
#undef OPTION
#undef ALIAS
};
enum { N_ALIASES = sizeof aliases / sizeof *aliases };

static const option_row rows[] = {
#define SECTION(title) {title, 0, NULL, NULL, NULL},
#define OPTION(id, short_name, long_name, argument, parse, field, help)                            \
  {NULL, short_name, long_name, argument, help},
#define ALIAS(id, name)
#include "options.def"
#undef SECTION
#undef OPTION
#undef ALIAS
};

const option_row *option_rows(size_t *count) {
  *count = sizeof rows / sizeof *rows;
  return rows;
}

/* ---- Reading a command line ------------------------------------------------------------- */

/* Our spelling of one word of the command line: "--name" for every name of an option. */
static const option_spec *find_spec(const char *name, size_t length) {
  for (size_t i = 0; i < N_ALIASES; i++)
    if (strlen(aliases[i].name) == length && memcmp(aliases[i].name, name, length) == 0)
      return &specs[aliases[i].id];
  for (size_t i = 0; i < OPT_COUNT; i++)
    if (strlen(specs[i].long_name) + 2 == length && memcmp(name, "--", 2) == 0 &&
        memcmp(specs[i].long_name, name + 2, length - 2) == 0)
      return &specs[i];
  return NULL;
}

static vf_status unknown_option(const char *word, vf_error *err) {
  const char *names[OPT_COUNT + N_ALIASES + 1];
  char bare[64];
  size_t n = 0;
  for (size_t i = 0; i < OPT_COUNT; i++) names[n++] = specs[i].long_name;
  for (size_t i = 0; i < N_ALIASES; i++)
    names[n++] = aliases[i].name + strspn(aliases[i].name, "-");
  names[n] = NULL;
  snprintf(bare, sizeof bare, "%.*s", (int)strcspn(word, "="), word);
  const char *nearest = vf_nearest_name(bare + strspn(bare, "-"), names);
  if (nearest == NULL)
    return trouble(err, "", "unknown option '%s' (vramfit --help lists them)", bare);
  return trouble(err, "", "unknown option '%s': did you mean --%s?", bare, nearest);
}

static bool is_optional(const option_spec *spec) {
  return spec->argument != NULL && spec->argument[0] == '[';
}

/* Options in getopt's form. */
static void make_getopt_tables(struct option longs[OPT_COUNT + 1], char shorts[OPT_COUNT * 2 + 3]) {
  size_t n = 0;
  shorts[n++] = ':'; /* a missing argument is told apart from an unknown option */
  for (int i = 0; i < OPT_COUNT; i++) {
    int has_argument = specs[i].argument == NULL ? no_argument
                       : is_optional(&specs[i])  ? optional_argument
                                                 : required_argument;
    longs[i] = (struct option){specs[i].long_name, has_argument, NULL, 256 + i};
    if (specs[i].short_name == 0) continue;
    shorts[n++] = specs[i].short_name;
    if (has_argument == required_argument) shorts[n++] = ':';
  }
  shorts[n] = '\0';
  longs[OPT_COUNT] = (struct option){NULL, 0, NULL, 0};
}

static const option_spec *spec_of(int code) {
  if (code >= 256) return &specs[code - 256];
  for (size_t i = 0; i < OPT_COUNT; i++)
    if (specs[i].short_name == code) return &specs[i];
  return NULL;
}

/* A word that can only be an option: "--x…", or an engine's name with one dash. */
static bool is_option_word(const char *word) {
  if (word[0] != '-' || word[1] == '\0') return false;
  return word[1] == '-' || find_spec(word, strlen(word)) != NULL;
}

/* Takes the word behind option i into it if it is a number, "--name=12", since getopt knows
 * optional arguments in that form alone. */
static bool join_number(int *argc, char **argv, int i, char *text, size_t size) {
  const char *option = argv[i], *next = i + 1 < *argc ? argv[i + 1] : "";
  if (next[0] == '\0' || next[strspn(next, "0123456789")] != '\0') return true;
  size_t a = strlen(option), b = strlen(next);
  if (a + b + 2 > size) return false;
  memmove(text, option, a);
  text[a] = '=';
  memmove(text + a + 1, next, b + 1);
  argv[i] = text;
  for (int k = i + 1; k + 1 < *argc; k++) argv[k] = argv[k + 1];
  argv[--*argc] = NULL;
  return true;
}

static vf_status too_long(vf_error *err) {
  return trouble(err, "", "the command line is too long");
}

/* Several options in one word, as compare takes them: "--quant q4", "--quant=q4 -c 8k"; but not
 * "--gpu=RTX 4090". */
static bool is_text_of_options(const char *word) {
  return word[0] == '-' &&
         (strcspn(word, " ") < strcspn(word, "=") || strstr(word, " -") != NULL) &&
         strchr(word, ' ') != NULL;
}

/* Rewrites options to our spelling, in `text` where it must be put together.  Arguments of
 * options are left alone. */
static vf_status normalize(int *argc, char **argv, char *text, size_t size, vf_error *err) {
  for (int i = 1; i < *argc && strcmp(argv[i], "--") != 0; i++) {
    const char *word = argv[i];
    bool several = is_text_of_options(word);
    if (!several && !is_option_word(word)) continue;
    if (several) { /* a blank in front: no option for getopt */
      int length = snprintf(text, size, " %s", word);
      if (length < 0 || (size_t)length >= size) return too_long(err);
      argv[i] = text;
      text += length + 1;
      size -= (size_t)length + 1;
      continue;
    }
    size_t name = strcspn(word, "=");
    const option_spec *spec = find_spec(word, name);
    if (spec == NULL) return unknown_option(word, err);
    if (word[name] == '=' && spec->argument == NULL)
      return trouble(err, "", "--%s takes no value", spec->long_name);
    int n = snprintf(text, size, "--%s%s", spec->long_name, word + name);
    if (n < 0 || (size_t)n >= size) return too_long(err);
    argv[i] = text;
    text += n + 1;
    size -= (size_t)n + 1;
    if (spec->argument == NULL || word[name] == '=') continue;
    if (is_optional(spec)) {
      if (!join_number(argc, argv, i, text, size)) return too_long(err);
      if (argv[i] == text) {
        size -= strlen(text) + 1;
        text += strlen(text) + 1;
      }
      continue;
    }
    if (i + 1 < *argc && is_option_word(argv[i + 1]) &&
        find_spec(argv[i + 1], strcspn(argv[i + 1], "=")))
      return trouble(err, "", "--%s needs a value (%s)", spec->long_name, spec->argument);
    i++;
  }
  return VF_OK;
}

/* Options that take lists, and where those are kept. */
static const struct {
  enum option_id id;
  size_t offset;
} lists[] = {{OPT_CTX, offsetof(args, axes.ctx)},
             {OPT_SEQS, offsetof(args, axes.seqs)},
             {OPT_KV, offsetof(args, axes.kv)}};

/* True if the text is a list: the option is done with.  The last one on the command line counts. */
static bool take_list(args *a, const option_spec *spec, const char *text) {
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    if (spec != &specs[lists[i].id]) continue;
    const char **list = (const char **)(void *)((unsigned char *)a + lists[i].offset);
    bool is_list = strchr(text, ',') != NULL || strcmp(text, "any") == 0;
    *list = is_list ? text : NULL;
    return is_list;
  }
  return false;
}

static vf_status apply(args *a, const option_spec *spec, const char *text, vf_error *err) {
  if (take_list(a, spec, text)) return VF_OK;
  vf_status status = spec->parse((unsigned char *)a + spec->offset, text, err);
  if (status == VF_OK || err->source[0] != '\0') return status;
  snprintf(err->source, sizeof err->source, "--%s", spec->long_name);
  return status;
}

static vf_status read_options(args *a, int argc, char **argv, vf_error *err) {
  struct option longs[OPT_COUNT + 1];
  char shorts[OPT_COUNT * 2 + 3];
  int code;
  make_getopt_tables(longs, shorts);
  opterr = 0;
  optind = 1;
  while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
    const option_spec *spec = code == '?' ? NULL : spec_of(code == ':' ? optopt : code);
    if (spec != NULL && code == ':')
      return trouble(err, "", "--%s needs a value (%s)", spec->long_name, spec->argument);
    if (spec == NULL) return unknown_option((char[]){'-', (char)optopt, '\0'}, err);
    vf_status status = apply(a, spec, optarg != NULL ? optarg : "", err);
    if (status != VF_OK) return status;
  }
  return VF_OK;
}

vf_status too_many_words(const char *word, vf_error *err) {
  return trouble(err, "", "'%s' is one word too many (a model is named with --model)", word);
}

vf_status args_parse(args *out, int argc, char **argv, vf_error *err) {
  static char text[1 << 16];
  args a = {.request = vf_request_init()};
  vf_status status = normalize(&argc, argv, text, sizeof text, err);
  if (status == VF_OK) status = read_options(&a, argc, argv, err);
  if (status != VF_OK) return status;
  if (optind < argc) a.command = argv[optind];
  for (int i = optind + 1; i < argc; i++) {
    if (a.n_operands == MAX_OPERANDS) return too_many_words(argv[i], err);
    a.operands[a.n_operands++] = argv[i];
  }
  *out = a;
  for (size_t i = 0; i < out->overrides.count; i++) {
    const char *pattern = out->overrides.text + out->overrides.items[i].at;
    out->request.overrides[i] =
        (vf_override){pattern, strlen(pattern), out->overrides.items[i].device};
  }
  out->request.override_count = out->overrides.count;
  return VF_OK;
}

/* ---- Options as one text ---------------------------------------------------------------- */

/* Cuts the text into words in place: blanks part them, quotes of either kind keep them together. */
static int cut_words(char *text, char **words, int most) {
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

vf_status args_extend(args *a, const char *text, char storage[ARGS_STORAGE], vf_error *err) {
  enum { MOST_WORDS = 64 };
  static char program[] = "vramfit";
  char *argv[MOST_WORDS + 2] = {program};
  size_t length = strlen(text);
  if (length > ARGS_TEXT) return trouble(err, "", "'%.40s…' is too long", text);
  memcpy(storage, text, length + 1);
  storage[length + 1] = '\0';
  int argc = cut_words(storage, argv + 1, MOST_WORDS) + 1;
  if (argc == 0)
    return trouble(err, "", "'%.80s' has a quote that does not end, or too many words", text);
  char *rest = storage + length + 2;
  vf_status status = normalize(&argc, argv, rest, ARGS_STORAGE - length - 2, err);
  if (status == VF_OK) status = read_options(a, argc, argv, err);
  if (status == VF_OK && optind < argc) return too_many_words(argv[optind], err);
  return status;
}
