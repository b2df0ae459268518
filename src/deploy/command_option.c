/* command_option.c - one option of an engine: its row, its value, the members of an object. */
#include <stdio.h>
#include <string.h>

#include "base/decimal.h"
#include "base/names.h"
#include "base/status.h"
#include "deploy/command_parts.h"
#include "deploy/words.h"
#include "readers/config.h"

enum { LONGEST_WORD = 1 << 16 };

/* ---- Values ----------------------------------------------------------------------------- */

void vf_command_state(vf_command *c, const vf_param *p) {
  c->stated[p - vf_params] = c->said[p - vf_params] = true;
}

/* Lists add up within a line, and what a later source says replaces them. */
void vf_command_start_list(vf_command *c, const vf_param *p) {
  if (p->kind == VF_KIND_OVERRIDES && !c->said[p - vf_params]) vf_param_clear(p, &c->d);
}

/* "0", "auto" and "-1" leave a number to the engine, but no engine runs on no ranks. */
static bool leaves_it(const vf_param *p, const char *text) {
  if (p == &vf_params[VF_PARAM_TP] || p == &vf_params[VF_PARAM_PP])
    return vf_name_equal(text, "auto");
  bool number = p->kind == VF_KIND_TOKENS || p->kind == VF_KIND_CONTEXT ||
                p->kind == VF_KIND_TOKENS32 || p->kind == VF_KIND_COUNT ||
                p->kind == VF_KIND_SIZE || p->kind == VF_KIND_GIB;
  return number &&
         (strcmp(text, "0") == 0 || vf_name_equal(text, "auto") || strcmp(text, "-1") == 0);
}

/* The value is the engine's own, and a flag may say how it finds it. */
static vf_status leave_it(vf_command *c, const vf_spelling *row, const vf_param *p,
                          const char *text, vf_error *err) {
  vf_param_clear(p, &c->d);
  if (row->zero != NULL && strcmp(text, "0") == 0)
    return vf_param_parse(p, &c->d, row->zero, VF_MEASURE_OURS, err);
  if (row->left == NULL || strcmp(text, "0") == 0) return VF_OK;
  const vf_param *flag = vf_param_find(row->left, strlen(row->left));
  if (flag == NULL) return vf_fail(err, VF_USAGE, "no parameter is called '%s'", row->left);
  return vf_param_parse(flag, &c->d, "on", VF_MEASURE_OURS, err);
}

/* Which words gave what is counted in two ways. */
static void note_source(vf_command *c, const vf_spelling *row, const vf_param *p) {
  if (p == &vf_params[VF_PARAM_CTX]) {
    c->total_ctx = row->measure == VF_MEASURE_TOTAL;
    c->own_ctx_letter = false;
  }
  if (p == &vf_params[VF_PARAM_SEQS]) c->engines_seqs = true;
  if (p == &vf_params[VF_PARAM_MODEL]) {
    bool hub = row->measure == VF_MEASURE_REPO;
    c->from_hub = hub;
    *(hub ? &c->repo : &c->path) = c->d.model;
  }
  if (p == &vf_params[VF_PARAM_QUANT] && c->engine != NULL) c->d.engines_quant = c->d.quant;
  if (row->only != NULL) c->d.request.engine = row->only;
}

/* A file whose folder alone is not known is known by its name. */
static bool is_known_by_name(const vf_param *p, const char *text) {
  const char *slash = strrchr(text, '/');
  return p->kind == VF_KIND_TEXT && slash != NULL && slash[1] != '\0' &&
         !vf_word_is_unknown(slash + 1);
}

/* A word that the engine does not have, and which it does. */
static vf_status refuse_word(const vf_spelling *row, const char *text, vf_error *err) {
  char list[200];
  vf_text t = vf_text_on(list, sizeof list);
  for (const char *s = row->value; *s != '\0';) {
    size_t n = strcspn(s, " ");
    vf_text_put(&t, t.length != 0 ? ", " : "");
    vf_text_bytes(&t, s, strcspn(s, ":"));
    s += n + strspn(s + n, " ");
  }
  return vf_fail(err, VF_UNKNOWN, "'%.40s' is none of those that are known: %s", text, list);
}

/* A value in the engine's words, for the parameter of its row. */
vf_status vf_command_take_value(vf_command *c, const vf_spelling *row, const char *text,
                                vf_error *err) {
  const vf_param *p = vf_param_find(row->param, strlen(row->param));
  size_t n = 0;
  if (p == NULL) return vf_fail(err, VF_USAGE, "no parameter is called '%s'", row->param);
  if (vf_word_is_unknown(text) && !is_known_by_name(p, text))
    return vf_command_note_unstated(c, p, text, err);
  if (vf_word_is_unknown(text)) text = vf_word_written(text, c->arena);
  if (text == NULL) return vf_fail_nomem(err);
  if (row->measure == VF_MEASURE_LEAST && vf_param_is_set(p, &c->d)) return VF_OK;
  if (row->measure == VF_MEASURE_MAP) {
    const char *ours = vf_spelling_map(row, text, &n);
    if (ours == NULL && row->strict) return refuse_word(row, text, err);
    text = ours != NULL ? vf_arena_copy(c->arena, ours, n) : text;
    if (text == NULL) return vf_fail_nomem(err);
  }
  if (row->measure == VF_MEASURE_FILE) {
    c->repo_file = text;
    return VF_OK;
  }
  if (p->kind == VF_KIND_SPEC && c->said[p - vf_params] && c->d.spec_method != NULL)
    text = vf_command_keep(c, "%s,%s", c->d.spec_method, text); /* each adds a way of its own */
  if (text == NULL) return vf_fail_nomem(err);
  vf_command_start_list(c, p);
  vf_status status = VF_OK;
  if (leaves_it(p, text))
    status = leave_it(c, row, p, text, err);
  else
    status = vf_param_parse(p, &c->d, text, row->measure, err);
  if (status == VF_OK) note_source(c, row, p);
  if (status == VF_OK) vf_command_state(c, p);
  return status;
}

/* ---- Options that no parameter stands for ----------------------------------------------- */

/* Of "--x=V" the name: its value is told behind it. */
static int name_length(const char *word, const char *value) {
  size_t n = strlen(word), name = strcspn(word, "=");
  if (value != NULL && name + 1 < n && strcmp(word + name + 1, value) == 0) n = name;
  return n < 80 ? (int)n : 80;
}

/* For those who list them. */
static void note_unread(vf_reading *r, const char *word, const char *value, bool known) {
  vf_command *c = r->c;
  if (c->n_unread == VF_MOST_REMARKS) return;
  bool given = value != NULL && value[0] != '\0';
  int n = name_length(word, value);
  const char *text = given ? vf_command_keep(c, "%.*s %.200s", n, word, value)
                           : vf_command_keep(c, "%.*s", n, word);
  if (text != NULL) text = vf_word_written(text, c->arena);
  if (text != NULL) c->unread[c->n_unread++] = (vf_unread){text, word, known};
}

vf_status vf_reading_tell_unread(vf_reading *r, const char *word, const char *value) {
  const char *space = value != NULL && value[0] != '\0' ? " " : "";
  note_unread(r, word, value, true);
  const char *text =
      vf_command_keep(r->c, "%s's %.*s%s%.60s is not read: it may move memory", r->dialect->name,
                      name_length(word, value), word, space, value != NULL ? value : "");
  return vf_command_remark(r->c, "option-not-read", text, r->err);
}

vf_status vf_reading_tell_unknown(vf_reading *r, const char *word) {
  note_unread(r, word, NULL, false);
  const char *text = vf_command_keep(
      r->c, "%.80s is no option of %s that is known: it may move memory", word, r->dialect->name);
  return vf_command_remark(r->c, "option-unknown", text, r->err);
}

/* ---- One option ------------------------------------------------------------------------- */

static bool is_number(const char *word) {
  return word[0] == '-' && word[1] >= '0' && word[1] <= '9';
}

/* Whether the word behind can be a value: a minus makes it one only before a digit. */
bool vf_reading_has_next(const vf_reading *r) {
  if (r->at + 1 >= r->count) return false;
  const char *next = r->words[r->at + 1];
  return next[0] != '-' || next[1] == '\0' || is_number(next);
}

/* Whether the next word is a value of the row's parameter: then it belongs to the option. */
bool vf_reading_next_makes_sense(const vf_reading *r, const vf_spelling *row) {
  vf_deployment scratch = r->c->d;
  const vf_param *p = row->param != NULL ? vf_param_find(row->param, strlen(row->param)) : NULL;
  if (p == NULL) p = &vf_params[VF_PARAM_FLASH_ATTN]; /* any switch's words */
  return vf_reading_has_next(r) &&
         vf_param_parse(p, &scratch, r->words[r->at + 1], row->measure, NULL) == VF_OK;
}

/* All words up to the next option, with commas between; "" for none. */
static const char *join_next(vf_reading *r) {
  char *text = vf_arena_alloc(r->c->arena, LONGEST_WORD, 1);
  if (text == NULL) return NULL;
  vf_text t = vf_text_on(text, LONGEST_WORD);
  for (bool first = true; vf_reading_has_next(r); first = false) {
    vf_text_put(&t, first ? "" : ",");
    vf_text_put(&t, r->words[++r->at]);
  }
  return t.length < LONGEST_WORD ? text : NULL;
}

static vf_status needs_value(const vf_reading *r, const char *word) {
  return vf_fail_at(r->err, VF_USAGE, word, "", "it needs a value");
}

/* The value that belongs to a word of that row; *out NULL: none was given and none has to be. */
vf_status vf_reading_find_value(vf_reading *r, const vf_said *said, const char *word,
                                const char **out) {
  *out = said->value;
  if (said->value != NULL) return VF_OK;
  switch (said->row->form) {
  case VF_FORM_BARE: return VF_OK;
  case VF_FORM_MAYBE:
    if (vf_reading_next_makes_sense(r, said->row)) *out = r->words[++r->at];
    return VF_OK;
  case VF_FORM_MANY: *out = join_next(r); return *out != NULL ? VF_OK : vf_fail_nomem(r->err);
  case VF_FORM_VALUE:
  case VF_FORM_JSON:
    if (!vf_reading_has_next(r)) return needs_value(r, word);
    *out = r->words[++r->at];
    return VF_OK;
  }
  return VF_OK;
}

/* A negative number that is no "engine's own": what it turns off is not known here. */
static bool turns_off(const vf_spelling *row, const char *value) {
  const vf_param *p = vf_param_find(row->param, strlen(row->param));
  bool bounded = p != NULL && (p->kind == VF_KIND_TOKENS32 || p->kind == VF_KIND_CACHE);
  return bounded && value != NULL && value[0] == '-';
}

/* A word for a switch that its map does not have says something else. */
static bool has_no_map(const vf_spelling *row, const char *value) {
  size_t n;
  const vf_param *p = vf_param_find(row->param, strlen(row->param));
  bool is_switch = p != NULL && (p->kind == VF_KIND_FLAG || p->kind == VF_KIND_SWITCH);
  return is_switch && row->measure == VF_MEASURE_MAP && value != NULL &&
         !vf_word_is_unknown(value) && vf_spelling_map(row, value, &n) == NULL;
}

/* Whether a word that is not read says what moves no memory. */
bool vf_spelling_is_plain(const vf_spelling *row, const char *value) {
  if (row->plain == NULL) return false;
  if (value == NULL || value[0] == '\0') value = "on";
  size_t n = strlen(value);
  for (const char *s = row->plain; *s != '\0';) {
    size_t length = strcspn(s, " ");
    if (length == n && memcmp(s, value, n) == 0) return true;
    s += length + strspn(s + length, " ");
  }
  return false;
}

/* A preset: what it stands for is read in its place, and what follows overrides it. */
static vf_status take_preset(vf_reading *r, const vf_spelling *row, const char *word) {
  vf_words commands[VF_WORDS_COMMANDS];
  vf_command *c = r->c;
  size_t n, taken = c->n_taken;
  vf_status status = vf_words_split(commands, &n, row->value, NULL, NULL, c->arena, r->err);
  if (status != VF_OK) return status;
  vf_reading inner = *r;
  inner.words = commands[0].list;
  inner.count = commands[0].count;
  for (inner.at = 0; status == VF_OK && inner.at < inner.count; inner.at++)
    status = vf_reading_take_option(&inner);
  c->n_taken = taken;
  if (status == VF_OK && c->n_taken < VF_MOST_PASSED) c->taken[c->n_taken++] = word;
  return status;
}

vf_status vf_reading_take_row(vf_reading *r, const vf_said *said, const char *word,
                              const char *value) {
  const vf_spelling *row = said->row;
  vf_error cause = {.status = VF_OK};
  if (row->effect == VF_EFFECT_NONE) return vf_command_pass_over(r->c, word, r->err);
  if (row->effect == VF_EFFECT_STANDS) return take_preset(r, row, word);
  if (row->only != NULL) r->c->d.request.engine = row->only;
  if (row->effect == VF_EFFECT_UNREAD && !said->negated && vf_spelling_is_plain(row, value))
    return vf_command_pass_over(r->c, word, r->err);
  if (row->effect == VF_EFFECT_UNREAD) return vf_reading_tell_unread(r, word, value);
  if (said->negated) value = "off";
  if (turns_off(row, value) || has_no_map(row, value))
    return vf_reading_tell_unread(r, word, value);
  if (value == NULL || (row->form == VF_FORM_BARE && !said->negated && said->value == NULL))
    value = row->value != NULL ? row->value : "on";
  vf_status status = vf_command_take_value(r->c, row, value, &cause);
  if (status == VF_UNKNOWN && r->c->tolerant) return vf_reading_tell_unread(r, word, value);
  if (status == VF_OK && r->c->n_taken < VF_MOST_PASSED) r->c->taken[r->c->n_taken++] = word;
  return vf_command_at_word(status, word, &cause, r->err);
}

static vf_status take_object(vf_reading *r, const char *name, const char *text);

/* A member of an object, "--speculative-config.method": a word of its own, or part of the object.
 */
static vf_status take_member(vf_reading *r, const char *word, const char *value) {
  vf_said said = vf_dialect_find(r->dialect, word);
  if (said.row == NULL || said.member != NULL) {
    bool harmless = said.row != NULL && said.row->effect == VF_EFFECT_NONE;
    return harmless ? vf_command_pass_over(r->c, word, r->err)
                    : vf_reading_tell_unread(r, word, value);
  }
  return vf_reading_take_row(r, &said, word, value);
}

/* The name by which an object's members are called: its row's first long word. */
static const char *object_name(const vf_spelling *row, size_t *length) {
  return vf_spelling_word(row, 0, length);
}

vf_status vf_reading_take_option(vf_reading *r) {
  const char *word = r->words[r->at], *value = NULL;
  vf_said said = vf_dialect_find(r->dialect, word);
  if (said.ambiguous)
    return vf_fail(r->err, VF_USAGE, "'%.60s' can mean %.*s or %.*s", word,
                   (int)strcspn(said.other, " "), said.other, (int)strcspn(said.name, " "),
                   said.name);
  if (said.value != NULL && (r->dialect->rules & VF_DIALECT_EQUALS) == 0 && said.row != NULL)
    return vf_fail(r->err, VF_USAGE, "%s takes no '=': write %.*s and the value as two words",
                   r->dialect->name, (int)strcspn(word, "="), word);
  if (said.row == NULL) {
    if (said.value == NULL && vf_reading_has_next(r)) r->at++;
    return vf_reading_tell_unknown(r, word);
  }
  vf_status status = vf_reading_find_value(r, &said, word, &value);
  if (status != VF_OK) return status;
  size_t n;
  const char *name = object_name(said.row, &n);
  if (said.member != NULL) {
    const char *full = vf_command_keep(r->c, "%.*s.%.*s", (int)n, name,
                                       (int)strcspn(said.member, "="), said.member);
    return full != NULL ? take_member(r, full, value) : vf_fail_nomem(r->err);
  }
  if (said.row->form == VF_FORM_JSON && said.row->effect == VF_EFFECT_UNREAD) {
    const char *full = vf_command_keep(r->c, "%.*s", (int)n, name);
    return full != NULL ? take_object(r, full, value) : vf_fail_nomem(r->err);
  }
  return vf_reading_take_row(r, &said, word, value);
}

/* ---- Objects ---------------------------------------------------------------------------- */

/* A plain value as it would be typed; NULL: it is a list. */
static const char *fact_text(vf_command *c, const vf_fact *fact) {
  switch (fact->type) {
  case VF_FACT_STRING: return fact->as.string;
  case VF_FACT_BOOL: return fact->as.boolean ? "true" : "false";
  case VF_FACT_INT: return vf_command_keep(c, "%lld", (long long)fact->as.integer);
  case VF_FACT_FLOAT: return vf_command_keep(c, "%s", vf_general(fact->as.real, 9).text);
  case VF_FACT_NULL:
  case VF_FACT_ARRAY: break;
  }
  return "";
}

/* '{"method": "mtp"}' says the same as --NAME.method mtp. */
static vf_status take_object(vf_reading *r, const char *name, const char *text) {
  vf_command *c = r->c;
  vf_error cause = {.status = VF_OK};
  if (vf_word_is_unknown(text)) {
    const char *word = vf_command_keep(c, "%s %.200s", name, text);
    return word != NULL ? vf_command_note_unstated(c, NULL, word, r->err) : vf_fail_nomem(r->err);
  }
  size_t length = strlen(text);
  char *copy = vf_arena_copy(c->arena, text, length);
  if (copy == NULL) return vf_fail_nomem(r->err);
  vf_facts facts = vf_facts_in(c->arena, name);
  vf_status status = vf_config_parse(&facts, copy, length, &cause);
  if (status == VF_NOMEM) return vf_fail_nomem(r->err);
  if (status != VF_OK)
    return vf_fail_at(r->err, VF_USAGE, name, "", "'%.80s' is no JSON object: %s", text,
                      cause.message);
  for (size_t i = 0; status == VF_OK && i < facts.count; i++) {
    const char *word = vf_command_keep(c, "%s.%.100s", name, facts.items[i].key);
    const char *value = fact_text(c, &facts.items[i]);
    if (word == NULL || value == NULL) return vf_fail_nomem(r->err);
    status = take_member(r, word, value);
  }
  return status;
}

/* ---- Words that are no option's ----------------------------------------------------------- */

bool vf_is_option_word(const char *word) {
  return word[0] == '-' && word[1] != '\0' && !is_number(word);
}

/* What a backslash makes of the blank behind it: the line was meant to go on. */
static bool is_blank(const char *word) {
  return word[0] != '\0' && word[strspn(word, " \t\r")] == '\0';
}

/* A word that is no option's: the model, where the engine takes it so. */
vf_status vf_reading_take_bare(vf_reading *r) {
  const char *word = r->words[r->at];
  const vf_spelling *row = vf_dialect_bare(r->dialect);
  vf_error cause = {.status = VF_OK};
  if (is_blank(word))
    return vf_fail(r->err, VF_USAGE,
                   "a word of blanks alone, as a backslash with one behind it at the end of a line "
                   "makes it: the shell ends the command there");
  if (vf_word_is_unknown(word) && (row == NULL || r->c->d.model != NULL))
    return vf_command_note_unstated(r->c, NULL, word, r->err);
  if (row == NULL || (r->c->d.model != NULL && row->form != VF_FORM_MANY))
    return vf_fail(r->err, VF_USAGE, "'%.80s' is neither an option of %s nor the value of one",
                   word, r->dialect->name);
  if (r->c->d.model != NULL) return vf_command_pass_over(r->c, word, r->err);
  return vf_command_at_word(vf_command_take_value(r->c, row, word, &cause), word, &cause, r->err);
}
