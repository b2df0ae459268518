/* ini.c - llama.cpp's model presets and Ollama's Modelfiles.
 *
 * A preset's keys are options without their dashes, long or short, or names of variables; what
 * stands in "[*]" and above the first section is the default of all (common/preset.cpp). */
#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "base/status.h"
#include "deploy/dialect.h"
#include "deploy/manifests/manifests.h"

/* ---- Presets ---------------------------------------------------------------------------- */

static bool is_preset(const vf_manifest *m) {
  return vf_file_ends(m->file, ".ini");
}

enum { MOST_KEYS = 256 };

typedef struct pair {
  const char *key, *value;
} pair;

typedef struct preset {
  vf_manifest *m;
  pair defaults[MOST_KEYS], own[MOST_KEYS];
  size_t n_defaults, n_own;
  const char *section; /* NULL: none is open */
  uint32_t line;
} preset;

static const char *trimmed(vf_manifest *m, const char *s, size_t n) {
  while (n > 0 && (s[0] == ' ' || s[0] == '\t')) s++, n--;
  while (n > 0 && strchr(" \t\r", s[n - 1]) != NULL) n--;
  return vf_arena_copy(m->arena, s, n);
}

/* The preset's own keys, which no option has. */
static bool is_own_key(const char *key) {
  static const char *const own[] = {"load-on-startup", "stop-timeout", "dedup-cache-models",
                                    "version", "LLAMA_ARG_MODELS_PRESET"};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    if (strcmp(key, own[i]) == 0) return true;
  return false;
}

/* The option of a key: by its long name, its letters, or its variable. */
static const vf_spelling *find_option(const char *key, char word[96]) {
  const vf_dialect *d = &vf_dialect_llamacpp;
  for (size_t i = 0; i < d->n_rows; i++)
    if (d->rows[i].env != NULL && strcmp(d->rows[i].env, key) == 0 && d->rows[i].words != NULL) {
      size_t n;
      const char *first = vf_spelling_word(&d->rows[i], 0, &n);
      snprintf(word, 96, "%.*s", (int)n, first);
      return &d->rows[i];
    }
  for (int dashes = 2; dashes > 0; dashes--) {
    snprintf(word, 96, "%s%.80s", dashes == 2 ? "--" : "-", key);
    vf_said said = vf_dialect_find(d, word);
    if (said.row != NULL && said.exact) return said.row;
  }
  snprintf(word, 96, "--%.80s", key);
  return NULL;
}

static bool is_on(const char *value) {
  return vf_name_equal(value, "on") || vf_name_equal(value, "true") ||
         vf_name_equal(value, "enabled") || strcmp(value, "1") == 0 || value[0] == '\0';
}

static bool is_switch(const char *value) {
  return is_on(value) || vf_name_equal(value, "off") || vf_name_equal(value, "false") ||
         vf_name_equal(value, "disabled") || strcmp(value, "0") == 0;
}

/* A switch that is off is its opposite, if it has one: "mmap = 0" is --no-mmap. */
static void add_pair(vf_manifest *m, const char **words, size_t *n, const pair *p) {
  char word[96], opposite[96];
  const vf_spelling *row = find_option(p->key, word);
  bool bare = row != NULL && row->form == VF_FORM_BARE;
  if (*n + 2 > VF_MANIFEST_WORDS || is_own_key(p->key)) return;
  if (bare && is_switch(p->value) && !is_on(p->value)) {
    bool negated = strncmp(word, "--no-", 5) == 0;
    snprintf(opposite, sizeof opposite, "--%s%.70s", negated ? "" : "no-",
             word + (negated ? 5 : 2));
    vf_said said = vf_dialect_find(&vf_dialect_llamacpp, opposite);
    if (said.row != NULL && said.exact) words[(*n)++] = vf_manifest_format(m, "%s", opposite);
    return;
  }
  words[(*n)++] = vf_manifest_format(m, "%s", word);
  if (!bare && !(row == NULL && is_switch(p->value))) words[(*n)++] = p->value;
}

static bool names_model(const pair *list, size_t n) {
  static const char *const keys[] = {
      "model",     "m", "hf-repo", "hf", "hfr", "LLAMA_ARG_MODEL", "LLAMA_ARG_HF_REPO",
      "model-url", "mu"};
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
      if (strcmp(list[i].key, keys[k]) == 0) return true;
  return false;
}

/* A section's own key takes the place of the same one for all. */
static bool is_said_again(const preset *p, const pair *one) {
  char word[96];
  const vf_spelling *row = find_option(one->key, word);
  for (size_t i = 0; i < p->n_own; i++) {
    if (strcmp(p->own[i].key, one->key) == 0) return true;
    if (row != NULL && find_option(p->own[i].key, word) == row && row->param != NULL) return true;
  }
  return false;
}

static vf_status end_section(preset *p, vf_error *err) {
  vf_manifest *m = p->m;
  size_t n = 0;
  if (p->section == NULL || strcmp(p->section, "*") == 0) return VF_OK;
  const char **words = m->words;
  vf_words_at at = {.line = p->line, .column = 1, .asks_gpu = true, .words = words};
  at.path = vf_manifest_format(m, "[%.200s]", p->section);
  if (at.path == NULL) return vf_fail_nomem(err);
  for (size_t i = 0; i < p->n_defaults; i++)
    if (!is_said_again(p, &p->defaults[i])) add_pair(m, words, &n, &p->defaults[i]);
  if (!names_model(p->own, p->n_own) && !names_model(p->defaults, p->n_defaults)) {
    words[n++] = "-hf"; /* a section without a model names one that lies in the cache */
    words[n++] = p->section;
  }
  for (size_t i = 0; i < p->n_own; i++) add_pair(m, words, &n, &p->own[i]);
  for (size_t i = 0; i < n; i++)
    if (words[i] == NULL) return vf_fail_nomem(err);
  at.count = n;
  at.engine = vf_manifest_engine("llama.cpp");
  return vf_manifest_words(m, &at, err);
}

/* A comment is one at a line's start, or behind a blank. */
static size_t without_comment(const char *s, size_t n) {
  for (size_t i = 0; i < n; i++)
    if ((s[i] == ';' || s[i] == '#') && (i == 0 || s[i - 1] == ' ' || s[i - 1] == '\t')) return i;
  return n;
}

static vf_status take_preset_line(preset *p, const char *s, size_t n, uint32_t line,
                                  vf_error *err) {
  n = without_comment(s, n);
  const char *text = trimmed(p->m, s, n);
  if (text == NULL) return vf_fail_nomem(err);
  if (text[0] == '\0') return VF_OK;
  if (text[0] == '[') {
    vf_status status = end_section(p, err);
    const char *close = strrchr(text, ']');
    if (status == VF_OK && close == NULL) {
      status = vf_fail(err, VF_MALFORMED, "a section's bracket is not closed");
      if (err != NULL) err->line = line;
    }
    if (status != VF_OK) return status;
    p->section = vf_arena_copy(p->m->arena, text + 1, (size_t)(close - text) - 1);
    p->line = line;
    p->n_own = 0;
    return p->section != NULL ? VF_OK : vf_fail_nomem(err);
  }
  const char *equals = strchr(text, '=');
  bool all = p->section == NULL || strcmp(p->section, "*") == 0;
  size_t *count = all ? &p->n_defaults : &p->n_own;
  if (equals == NULL) {
    vf_fail(err, VF_MALFORMED, "neither a section nor 'key = value'");
    if (err != NULL) err->line = line;
    return VF_MALFORMED;
  }
  if (*count == MOST_KEYS) return vf_fail(err, VF_LIMIT, "more keys than a preset has");
  const char *key = trimmed(p->m, text, (size_t)(equals - text));
  const char *value = trimmed(p->m, equals + 1, strlen(equals + 1));
  if (key == NULL || value == NULL) return vf_fail_nomem(err);
  (all ? p->defaults : p->own)[(*count)++] = (pair){key, value};
  return VF_OK;
}

static vf_status read_preset(vf_manifest *m, vf_error *err) {
  preset *p = vf_arena_alloc(m->arena, 1, sizeof *p);
  uint32_t line = 1;
  vf_status status = VF_OK;
  if (p == NULL) return vf_fail_nomem(err);
  p->m = m;
  for (const char *s = m->text; status == VF_OK && *s != '\0'; line++) {
    size_t n = strcspn(s, "\n");
    status = take_preset_line(p, s, n, line, err);
    s += n + (s[n] == '\n');
  }
  return status == VF_OK ? end_section(p, err) : status;
}

const vf_manifest_kind vf_kind_preset = {"llama.cpp model preset", is_preset, read_preset};

/* ---- Modelfiles ------------------------------------------------------------------------- */

static bool is_modelfile(const vf_manifest *m) {
  const char *slash = strrchr(m->file, '/');
  return vf_file_ends(m->file, ".modelfile") ||
         strncmp(slash != NULL ? slash + 1 : m->file, "Modelfile", 9) == 0;
}

/* The line of the first FROM. */
static uint32_t from_line(const char *text) {
  uint32_t line = 1;
  if (strncmp(text, "\xEF\xBB\xBF", 3) == 0) text += 3;
  for (const char *s = text; *s != '\0'; line++) {
    const char *start = s + strspn(s, " \t");
    if ((start[0] == 'F' || start[0] == 'f') && vf_file_ends("from", "from") &&
        (strncmp(start, "FROM", 4) == 0 || strncmp(start, "from", 4) == 0 ||
         strncmp(start, "From", 4) == 0))
      return line;
    s += strcspn(s, "\n");
    s += *s == '\n';
  }
  return 1;
}

static vf_status set_number(vf_command *c, const char *option, int64_t value, vf_manifest *m,
                            vf_error *err) {
  const char *words[2] = {option, vf_manifest_format(m, "%lld", (long long)value)};
  size_t at = 0;
  if (words[1] == NULL) return vf_fail_nomem(err);
  return vf_command_option(c, words, 2, &at, err);
}

static vf_status read_modelfile(vf_manifest *m, vf_error *err) {
  vf_modelfile *file = vf_arena_alloc(m->arena, 1, sizeof *file);
  vf_words_at at = {.path = "FROM", .line = from_line(m->text), .column = 1};
  vf_error cause = {.status = VF_OK};
  if (file == NULL) return vf_fail_nomem(err);
  vf_status status = vf_modelfile_read(file, m->ctx, m->file, err);
  vf_command *c = status == VF_OK ? vf_command_in(m->arena, m->ctx) : NULL;
  if (c == NULL) return status != VF_OK ? status : vf_fail_nomem(err);
  const char *words[] = {"--engine", "ollama", "--model", file->from, "--lora", file->adapter};
  for (size_t i = 0; status == VF_OK && i < (file->adapter[0] != '\0' ? 6u : 4u); i++)
    status = vf_command_option(c, words, 6, &i, &cause);
  if (status == VF_OK && file->num_ctx > 0)
    status = set_number(c, "--ctx", file->num_ctx, m, &cause);
  if (status == VF_OK && file->num_gpu >= 0)
    status = set_number(c, "--ngl", file->num_gpu, m, &cause);
  if (status == VF_OK && file->num_batch > 0)
    status = set_number(c, "--ubatch", file->num_batch, m, &cause);
  return vf_manifest_command(m, &at, c, status, &cause, err);
}

const vf_manifest_kind vf_kind_modelfile = {"Ollama Modelfile", is_modelfile, read_modelfile};
