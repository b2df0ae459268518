/* command.c - an engine's launch line, or options of ours, to a deployment.
 *
 * Every word is accounted for: it is a parameter, it moves no memory and is passed over, it may
 * move some and becomes a remark that names it, or it is an error.  Which of them is told by the
 * tables of engines/<e>/spelling.c alone. */
#include "deploy/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/args.h"
#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"
#include "deploy/dialect.h"
#include "deploy/words.h"
#include "deploy/wrapper.h"
#include "readers/catalog.h"
#include "readers/config.h"
#include "readers/files.h"

enum {
  MOST_REMARKS = 48,
  MOST_PASSED = 512,
  MOST_UNSTATED = 64,
  LONGEST_WORD = 1 << 16,
  ARENA_BYTES = 16 << 20
};

struct vf_command {
  const vf_context *ctx;
  vf_arena *arena;
  vf_deployment d;
  const vf_engine *engine;                      /* whose line it is; NULL: ours */
  bool stated[VF_PARAM_COUNT];                  /* by any source */
  bool said[VF_PARAM_COUNT];                    /* by the one that is being read */
  bool total_ctx, own_ctx_letter, engines_seqs; /* whose word gave the context and the sequences */
  bool tolerant;                                /* what makes no sense is noted, and reading goes on */
  vf_error first_trouble;                       /* then the first of it */
  bool from_hub;                                /* the model is a repository, with its tower */
  const char *gpus, *visible, *image; /* of a container, and what is visible of them; NULL */
  const vf_dialect *hint; /* of an engine that alone has some word that was said */
  const char *lists[VF_AXIS_COUNT];
  vf_assumption remarks[MOST_REMARKS];
  size_t n_remarks;
  const char *passed[MOST_PASSED + 1];
  size_t n_passed;
  const char *taken[MOST_PASSED]; /* words that are parameters */
  size_t n_taken;
  vf_unread unread[MOST_REMARKS];
  size_t n_unread;
  vf_unstated unstated[MOST_UNSTATED];
  size_t n_unstated;
};

/* One option of a line that is being read. */
typedef struct reading {
  vf_command *c;
  const vf_dialect *dialect;
  const char *const *words;
  size_t count, at; /* at: the option's word, later its last one */
  vf_error *err;
} reading;

vf_command *vf_command_in(vf_arena *arena, const vf_context *ctx) {
  vf_command *c = vf_arena_alloc(arena, 1, sizeof *c);
  if (c == NULL) return NULL;
  c->ctx = ctx;
  c->arena = arena;
  c->d = vf_deployment_init();
  return c;
}

vf_status vf_command_new(vf_command **out, const vf_context *ctx, vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, ctx);
  vf_arena *arena = vf_arena_new(&ctx->allocator, ARENA_BYTES);
  vf_command *c = arena != NULL ? vf_command_in(arena, ctx) : NULL;
  if (c == NULL) {
    if (arena != NULL) vf_arena_free(arena);
    return vf_fail_nomem(err);
  }
  *out = c;
  return VF_OK;
}

void vf_command_free(vf_command *c) {
  if (c != NULL) vf_arena_free(c->arena);
}

/* ---- What is told ----------------------------------------------------------------------- */

/* A text in the arena; NULL: no memory. */
static const char *keep(vf_command *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static const char *keep(vf_command *c, const char *fmt, ...) {
  char text[512];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  return vf_arena_copy(c->arena, text, strlen(text));
}

static vf_status remark(vf_command *c, const char *code, const char *text, vf_error *err) {
  if (text == NULL) return vf_fail_nomem(err);
  if (c->n_remarks == MOST_REMARKS)
    return vf_fail(err, VF_LIMIT, "more than %d options are not understood", MOST_REMARKS);
  c->remarks[c->n_remarks++] = (vf_assumption){code, text};
  return VF_OK;
}

static vf_status pass_over(vf_command *c, const char *word, vf_error *err) {
  if (c->n_passed == MOST_PASSED)
    return vf_fail(err, VF_LIMIT, "more options than any command line has");
  c->passed[c->n_passed++] = word;
  return VF_OK;
}

static vf_status note_unstated(vf_command *c, const vf_param *p, const char *word, vf_error *err) {
  if (c->n_unstated == MOST_UNSTATED)
    return vf_fail(err, VF_LIMIT, "more than %d variables are not set", MOST_UNSTATED);
  c->unstated[c->n_unstated++] = (vf_unstated){p, word};
  return VF_OK;
}

/* What a parser says, told at the word that it was about. */
static vf_status at_word(vf_status status, const char *name, const vf_error *cause, vf_error *err) {
  if (status == VF_OK) return status;
  if (status == VF_UNKNOWN) status = VF_USAGE; /* it is the value that is not known */
  if (err == NULL) return status;
  *err = *cause;
  err->status = status;
  size_t n = strcspn(name, " ");
  snprintf(err->source, sizeof err->source, "%.*s", (int)(n < 100 ? n : 100), name);
  return status;
}

/* ---- Values ----------------------------------------------------------------------------- */

static void state(vf_command *c, const vf_param *p) {
  c->stated[p - vf_params] = c->said[p - vf_params] = true;
}

/* Lists add up within a line, and what a later source says replaces them. */
static void start_list(vf_command *c, const vf_param *p) {
  if (p->kind == VF_KIND_OVERRIDES && !c->said[p - vf_params]) vf_param_clear(p, &c->d);
}

/* "0", "auto" and "-1" leave a number to the engine. */
static bool leaves_it(const vf_param *p, const char *text) {
  bool number = p->kind == VF_KIND_TOKENS || p->kind == VF_KIND_TOKENS32 ||
                p->kind == VF_KIND_COUNT || p->kind == VF_KIND_SIZE || p->kind == VF_KIND_GIB;
  return number &&
         (strcmp(text, "0") == 0 || vf_name_equal(text, "auto") || strcmp(text, "-1") == 0);
}

/* The value is the engine's own, and a flag may say how it finds it. */
static vf_status leave_it(vf_command *c, const vf_spelling *row, const vf_param *p,
                          const char *text, vf_error *err) {
  vf_param_clear(p, &c->d);
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
  if (p == &vf_params[VF_PARAM_MODEL]) c->from_hub = row->measure == VF_MEASURE_REPO;
  if (row->only != NULL) c->d.request.engine = row->only;
}

/* "user/model:Q8_0": the file of that format; without one, llama.cpp takes Q4_K_M (common/arg.cpp,
 * common_get_hf_file). */
static vf_status take_repository(vf_command *c, const vf_param *p, const char *text,
                                 vf_error *err) {
  bool draft = p == &vf_params[VF_PARAM_DRAFT];
  const char *colon = strrchr(text, ':');
  size_t n = colon != NULL ? (size_t)(colon - text) : strlen(text);
  const char *name = vf_arena_copy(c->arena, text, n);
  const char **quant = draft ? &c->d.draft_quant : &c->d.quant;
  if (name == NULL) return vf_fail_nomem(err);
  *quant = colon != NULL && colon[1] != '\0' ? colon + 1 : "Q4_K_M";
  state(c, &vf_params[draft ? VF_PARAM_DRAFT_QUANT : VF_PARAM_QUANT]);
  return vf_param_parse(p, &c->d, name, VF_MEASURE_OURS, err);
}

/* A file whose folder alone is not known is known by its name. */
static bool is_known_by_name(const vf_param *p, const char *text) {
  const char *slash = strrchr(text, '/');
  return p->kind == VF_KIND_TEXT && slash != NULL && slash[1] != '\0' &&
         !vf_word_is_unknown(slash + 1);
}

/* A value in the engine's words, for the parameter of its row. */
static vf_status take_value(vf_command *c, const vf_spelling *row, const char *text,
                            vf_error *err) {
  const vf_param *p = vf_param_find(row->param, strlen(row->param));
  size_t n = 0;
  if (p == NULL) return vf_fail(err, VF_USAGE, "no parameter is called '%s'", row->param);
  if (vf_word_is_unknown(text) && !is_known_by_name(p, text))
    return note_unstated(c, p, text, err);
  if (vf_word_is_unknown(text)) text = vf_word_written(text, c->arena);
  if (text == NULL) return vf_fail_nomem(err);
  if (row->measure == VF_MEASURE_LEAST && vf_param_is_set(p, &c->d)) return VF_OK;
  if (row->measure == VF_MEASURE_MAP) {
    const char *ours = vf_spelling_map(row, text, &n);
    text = ours != NULL ? vf_arena_copy(c->arena, ours, n) : text;
    if (text == NULL) return vf_fail_nomem(err);
  }
  start_list(c, p);
  vf_status status = VF_OK;
  if (leaves_it(p, text))
    status = leave_it(c, row, p, text, err);
  else if (row->measure == VF_MEASURE_REPO)
    status = take_repository(c, p, text, err);
  else
    status = vf_param_parse(p, &c->d, text, row->measure, err);
  if (status == VF_OK) note_source(c, row, p);
  if (status == VF_OK) state(c, p);
  return status;
}

/* ---- Options that no parameter stands for ----------------------------------------------- */

/* For those who list them. */
static void note_unread(reading *r, const char *word, const char *value, bool known) {
  vf_command *c = r->c;
  if (c->n_unread == MOST_REMARKS) return;
  bool given = value != NULL && value[0] != '\0';
  const char *text = given ? keep(c, "%.80s %.200s", word, value) : keep(c, "%.80s", word);
  if (text != NULL) text = vf_word_written(text, c->arena);
  if (text != NULL) c->unread[c->n_unread++] = (vf_unread){text, word, known};
}

static vf_status tell_unread(reading *r, const char *word, const char *value) {
  const char *space = value != NULL && value[0] != '\0' ? " " : "";
  note_unread(r, word, value, true);
  const char *text = keep(r->c, "%s's %.80s%s%.60s is not read: it may move memory",
                          r->dialect->name, word, space, value != NULL ? value : "");
  return remark(r->c, "option-not-read", text, r->err);
}

static vf_status tell_unknown(reading *r, const char *word) {
  note_unread(r, word, NULL, false);
  const char *text = keep(r->c, "%.80s is no option of %s that is known: it may move memory", word,
                          r->dialect->name);
  return remark(r->c, "option-unknown", text, r->err);
}

/* ---- One option ------------------------------------------------------------------------- */

static bool is_number(const char *word) {
  return word[0] == '-' && word[1] >= '0' && word[1] <= '9';
}

/* Whether the word behind can be a value: a minus makes it one only before a digit. */
static bool has_next(const reading *r) {
  if (r->at + 1 >= r->count) return false;
  const char *next = r->words[r->at + 1];
  return next[0] != '-' || next[1] == '\0' || is_number(next);
}

/* Whether the next word is a value of the row's parameter: then it belongs to the option. */
static bool next_makes_sense(const reading *r, const vf_spelling *row) {
  vf_deployment scratch = r->c->d;
  const vf_param *p = row->param != NULL ? vf_param_find(row->param, strlen(row->param)) : NULL;
  if (p == NULL) p = &vf_params[VF_PARAM_FLASH_ATTN]; /* any switch's words */
  return has_next(r) &&
         vf_param_parse(p, &scratch, r->words[r->at + 1], row->measure, NULL) == VF_OK;
}

/* All words up to the next option, with commas between; "" for none. */
static const char *join_next(reading *r) {
  char *text = vf_arena_alloc(r->c->arena, LONGEST_WORD, 1);
  if (text == NULL) return NULL;
  vf_text t = vf_text_on(text, LONGEST_WORD);
  for (bool first = true; has_next(r); first = false) {
    vf_text_put(&t, first ? "" : ",");
    vf_text_put(&t, r->words[++r->at]);
  }
  return t.length < LONGEST_WORD ? text : NULL;
}

static vf_status needs_value(const reading *r, const char *word) {
  return vf_fail_at(r->err, VF_USAGE, word, "", "it needs a value");
}

/* The value that belongs to a word of that row; *out NULL: none was given and none has to be. */
static vf_status find_value(reading *r, const vf_said *said, const char *word, const char **out) {
  *out = said->value;
  if (said->value != NULL) return VF_OK;
  switch (said->row->form) {
  case VF_FORM_BARE: return VF_OK;
  case VF_FORM_MAYBE:
    if (next_makes_sense(r, said->row)) *out = r->words[++r->at];
    return VF_OK;
  case VF_FORM_MANY: *out = join_next(r); return *out != NULL ? VF_OK : vf_fail_nomem(r->err);
  case VF_FORM_VALUE:
  case VF_FORM_JSON:
    if (!has_next(r)) return needs_value(r, word);
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

static vf_status take_row(reading *r, const vf_said *said, const char *word, const char *value) {
  const vf_spelling *row = said->row;
  vf_error cause = {.status = VF_OK};
  if (row->effect == VF_EFFECT_NONE) return pass_over(r->c, word, r->err);
  if (row->only != NULL) r->c->d.request.engine = row->only;
  if (row->effect == VF_EFFECT_UNREAD) return tell_unread(r, word, value);
  if (said->negated) value = "off";
  if (turns_off(row, value) || has_no_map(row, value)) return tell_unread(r, word, value);
  if (value == NULL || (row->form == VF_FORM_BARE && !said->negated && said->value == NULL))
    value = row->value != NULL ? row->value : "on";
  vf_status status = take_value(r->c, row, value, &cause);
  if (status == VF_UNKNOWN && r->c->tolerant) return tell_unread(r, word, value);
  if (status == VF_OK && r->c->n_taken < MOST_PASSED) r->c->taken[r->c->n_taken++] = word;
  return at_word(status, word, &cause, r->err);
}

static vf_status take_object(reading *r, const char *name, const char *text);

/* A member of an object, "--speculative-config.method": a word of its own, or part of the object.
 */
static vf_status take_member(reading *r, const char *word, const char *value) {
  vf_said said = vf_dialect_find(r->dialect, word);
  if (said.row == NULL || said.member != NULL) {
    bool harmless = said.row != NULL && said.row->effect == VF_EFFECT_NONE;
    return harmless ? pass_over(r->c, word, r->err) : tell_unread(r, word, value);
  }
  return take_row(r, &said, word, value);
}

/* The name by which an object's members are called: its row's first long word. */
static const char *object_name(const vf_spelling *row, size_t *length) {
  return vf_spelling_word(row, 0, length);
}

static vf_status take_option(reading *r) {
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
    if (said.value == NULL && has_next(r)) r->at++;
    return tell_unknown(r, word);
  }
  vf_status status = find_value(r, &said, word, &value);
  if (status != VF_OK) return status;
  size_t n;
  const char *name = object_name(said.row, &n);
  if (said.member != NULL) {
    const char *full =
        keep(r->c, "%.*s.%.*s", (int)n, name, (int)strcspn(said.member, "="), said.member);
    return full != NULL ? take_member(r, full, value) : vf_fail_nomem(r->err);
  }
  if (said.row->form == VF_FORM_JSON && said.row->effect == VF_EFFECT_UNREAD) {
    const char *full = keep(r->c, "%.*s", (int)n, name);
    return full != NULL ? take_object(r, full, value) : vf_fail_nomem(r->err);
  }
  return take_row(r, &said, word, value);
}

/* ---- Objects ---------------------------------------------------------------------------- */

/* A plain value as it would be typed; NULL: it is a list. */
static const char *fact_text(vf_command *c, const vf_fact *fact) {
  switch (fact->type) {
  case VF_FACT_STRING: return fact->as.string;
  case VF_FACT_BOOL: return fact->as.boolean ? "true" : "false";
  case VF_FACT_INT: return keep(c, "%lld", (long long)fact->as.integer);
  case VF_FACT_FLOAT: return keep(c, "%.9g", fact->as.real);
  case VF_FACT_NULL:
  case VF_FACT_ARRAY: break;
  }
  return "";
}

/* '{"method": "mtp"}' says the same as --NAME.method mtp. */
static vf_status take_object(reading *r, const char *name, const char *text) {
  vf_command *c = r->c;
  vf_error cause = {.status = VF_OK};
  if (vf_word_is_unknown(text)) {
    const char *word = keep(c, "%s %.200s", name, text);
    return word != NULL ? note_unstated(c, NULL, word, r->err) : vf_fail_nomem(r->err);
  }
  size_t length = strlen(text);
  char *copy = vf_arena_copy(c->arena, text, length);
  if (copy == NULL) return vf_fail_nomem(r->err);
  vf_facts facts = vf_facts_in(c->arena, name);
  vf_status status = vf_config_parse(&facts, copy, length, &cause);
  if (status == VF_NOMEM) return vf_fail_nomem(r->err);
  if (status != VF_OK) return tell_unread(r, name, text);
  for (size_t i = 0; status == VF_OK && i < facts.count; i++) {
    const char *word = keep(c, "%s.%.100s", name, facts.items[i].key);
    const char *value = fact_text(c, &facts.items[i]);
    if (word == NULL || value == NULL) return vf_fail_nomem(r->err);
    status = take_member(r, word, value);
  }
  return status;
}

/* ---- A line ----------------------------------------------------------------------------- */

/* A word that is no option's: the model, where the engine takes it so. */
static vf_status take_bare(reading *r) {
  const char *word = r->words[r->at];
  const vf_spelling *row = vf_dialect_bare(r->dialect);
  vf_error cause = {.status = VF_OK};
  if (vf_word_is_unknown(word) && (row == NULL || r->c->d.model != NULL))
    return note_unstated(r->c, NULL, word, r->err);
  if (row == NULL || (r->c->d.model != NULL && row->form != VF_FORM_MANY))
    return vf_fail(r->err, VF_USAGE, "'%.80s' is neither an option of %s nor the value of one",
                   word, r->dialect->name);
  if (r->c->d.model != NULL) return pass_over(r->c, word, r->err);
  return at_word(take_value(r->c, row, word, &cause), word, &cause, r->err);
}

static bool is_option(const char *word) {
  return word[0] == '-' && word[1] != '\0' && !is_number(word);
}

/* A manifest is read to its end, so that all of it can be told. */
static bool goes_on(reading *r, vf_status status) {
  vf_command *c = r->c;
  if (!c->tolerant || status == VF_NOMEM || status == VF_LIMIT) return false;
  if (c->first_trouble.status == VF_OK && r->err != NULL) c->first_trouble = *r->err;
  return true;
}

static vf_status take_words(reading *r) {
  vf_status status = VF_OK;
  for (; status == VF_OK && r->at < r->count; r->at++) {
    status = is_option(r->words[r->at]) ? take_option(r) : take_bare(r);
    if (status != VF_OK && goes_on(r, status)) status = VF_OK;
  }
  return status;
}

vf_status vf_command_tolerate(vf_command *c, vf_wrapper *w, vf_error *err) {
  c->tolerant = true;
  vf_status status = vf_command_wrapped(c, w, err);
  c->tolerant = false;
  if (status != VF_OK || c->first_trouble.status == VF_OK) return status;
  if (err != NULL) *err = c->first_trouble;
  return c->first_trouble.status;
}

static vf_status take_variable(reading *r, const vf_spelling *row, const char *value) {
  char source[64];
  vf_error cause = {.status = VF_OK};
  if (row->effect == VF_EFFECT_UNREAD) return tell_unread(r, row->env, value);
  snprintf(source, sizeof source, "$%s", row->env);
  return at_word(take_value(r->c, row, value, &cause), source, &cause, r->err);
}

/* Variables stand below everything else: what was said already is left alone. */
static vf_status take_environment(reading *r, vf_variable_fn variables, void *user) {
  vf_status status = VF_OK;
  if (variables == NULL) return VF_OK;
  for (size_t i = 0; status == VF_OK && i < r->dialect->n_rows; i++) {
    const vf_spelling *row = &r->dialect->rows[i];
    const vf_param *p = row->param != NULL ? vf_param_find(row->param, strlen(row->param)) : NULL;
    bool said = row->env == NULL || (p != NULL && vf_param_is_set(p, &r->c->d));
    const char *value = said ? NULL : variables(user, row->env);
    if (value != NULL && value[0] != '\0') status = take_variable(r, row, value);
  }
  return status;
}

static void new_source(vf_command *c) {
  memset(c->said, 0, sizeof c->said);
}

vf_status vf_command_options(vf_command *c, const vf_engine *engine, const char *const *words,
                             size_t count, vf_variable_fn variables, void *user, vf_error *err) {
  if (engine->dialect == NULL)
    return vf_fail(err, VF_UNSUPPORTED, "%s is started by no command line", engine->name);
  reading r = {c, engine->dialect, words, count, 0, err};
  c->engine = engine;
  c->d.request.engine = engine->name;
  c->d.elsewhere = true;
  new_source(c);
  vf_status status = take_environment(&r, variables, user);
  new_source(c);
  if (status == VF_OK) status = take_words(&r);
  new_source(c);
  return status;
}

/* ---- The words before an engine's options ----------------------------------------------- */

static vf_status no_engine(vf_error *err) {
  return vf_fail(err, VF_UNKNOWN,
                 "no engine can be told from the line: it starts with llama-server, vllm serve, "
                 "python -m sglang.launch_server, trtllm-serve, ollama run…");
}

/* The engine's words with the environment that the layers around it make. */
vf_status vf_command_wrapped(vf_command *c, vf_wrapper *w, vf_error *err) {
  c->gpus = w->gpus;
  c->image = w->image;
  c->visible = vf_wrapper_variable(w, "CUDA_VISIBLE_DEVICES");
  if (c->visible == NULL) c->visible = vf_wrapper_variable(w, "HIP_VISIBLE_DEVICES");
  return vf_command_options(c, w->engine, w->words, w->count, vf_wrapper_variable, w, err);
}

vf_status vf_command_read(vf_command *command, const char *const *words, size_t count,
                          vf_variable_fn variables, void *user, vf_error *err) {
  VF_NEED(err, command);
  VF_NEED(err, words);
  vf_command *c = command;
  vf_wrapper *w = vf_arena_alloc(c->arena, 1, sizeof *w);
  if (w == NULL) return vf_fail_nomem(err);
  vf_status status = vf_wrapper_read(w, words, count, false, variables, user, c->arena, err);
  if (status == VF_OK && w->engine == NULL) status = no_engine(err);
  return status == VF_OK ? vf_command_wrapped(c, w, err) : status;
}

/* The first command of a text that starts an engine. */
typedef struct first_engine {
  vf_command *c;
  bool found;
} first_engine;

static const char *exported(void *user, const char *name) {
  return vf_shell_exported(user, name);
}

static vf_status take_if_engine(void *user, const vf_words *command, const vf_shell *shell,
                                vf_error *err) {
  first_engine *f = user;
  vf_command *c = f->c;
  if (f->found) return VF_OK;
  vf_wrapper *w = vf_arena_alloc(c->arena, 1, sizeof *w);
  if (w == NULL) return vf_fail_nomem(err);
  vf_status status = vf_wrapper_read(w, command->list, command->count, false, exported,
                                     (void *)(uintptr_t)shell, c->arena, err);
  if (status != VF_OK || w->engine == NULL) return status;
  f->found = true;
  return vf_command_wrapped(c, w, err);
}

vf_status vf_command_read_text(vf_command *command, const char *text, vf_variable_fn variables,
                               void *user, vf_error *err) {
  VF_NEED(err, command);
  VF_NEED(err, text);
  first_engine f = {command, false};
  vf_status status =
      vf_shell_read(text, variables, user, command->arena, take_if_engine, &f, err);
  return status == VF_OK && !f.found ? no_engine(err) : status;
}

/* ---- Options of ours -------------------------------------------------------------------- */

/* "--ctx", "-c", or "-c8k"; *attached is what stands behind the letter, or the '='. */
static const vf_param *find_ours(const char *word, const char **attached) {
  size_t n = strcspn(word, "=");
  *attached = word[n] == '=' ? word + n + 1 : NULL;
  if (word[1] == '-' && n > 2) {
    const vf_param *p = vf_param_find(word + 2, n - 2);
    return p != NULL && strlen(p->info.name) == n - 2 && memchr(word + 2, '_', n - 2) == NULL
               ? p
               : NULL;
  }
  for (size_t i = 0; word[1] != '\0' && i < VF_PARAM_COUNT; i++) {
    if (vf_params[i].info.letter != word[1]) continue;
    if (word[2] == '\0') return &vf_params[i];
    if (word[2] >= '0' && word[2] <= '9') *attached = word + 2;
    if (*attached != NULL && vf_params[i].info.argument != NULL) return &vf_params[i];
  }
  return NULL;
}

/* Where a list can stand, for tables; a path may have commas in it. */
static bool take_list(vf_command *c, const vf_param *p, const char *text) {
  vf_axis_kind axis;
  if (!vf_param_axis(p, &axis)) return false;
  vf_path_kind kind = VF_PATH_OTHER;
  bool list = vf_param_is_list(p, text) &&
              vf_files_look(&kind, &c->ctx->files, text, NULL) == VF_OK && kind == VF_PATH_NONE;
  c->lists[axis] = list ? text : NULL;
  return list;
}

static vf_status take_own_value(vf_command *c, const vf_param *p, const char *text, vf_error *err) {
  if (take_list(c, p, text)) return VF_OK;
  start_list(c, p);
  vf_status status = vf_param_parse(p, &c->d, text, VF_MEASURE_OURS, err);
  if (status == VF_OK) state(c, p);
  return status;
}

static vf_status take_own(reading *r, const vf_param *p, const char *attached) {
  char source[48];
  const char *argument = p->info.argument, *value = attached, *word = r->words[r->at];
  vf_error cause = {.status = VF_OK};
  snprintf(source, sizeof source, "--%s", p->info.name);
  if (argument == NULL && attached != NULL)
    return vf_fail(r->err, VF_USAGE, "%s takes no value", source);
  bool optional = argument != NULL && argument[0] == '[';
  vf_spelling ours = {.param = p->info.name};
  if (argument != NULL && value == NULL && (!optional || next_makes_sense(r, &ours))) {
    if (!has_next(r)) return vf_fail(r->err, VF_USAGE, "%s needs a value (%s)", source, argument);
    value = r->words[++r->at];
  }
  if (value == NULL) value = p->kind == VF_KIND_CPU_MOE ? "all" : "on";
  if (p == &vf_params[VF_PARAM_CTX]) {
    r->c->total_ctx = false;
    r->c->own_ctx_letter = word[1] != '-';
  }
  if (p == &vf_params[VF_PARAM_SEQS]) r->c->engines_seqs = false;
  return at_word(take_own_value(r->c, p, value, &cause), source, &cause, r->err);
}

/* ---- Engines' words among ours ---------------------------------------------------------- */

static bool same_meaning(const vf_spelling *a, const vf_spelling *b) {
  if (a->effect != b->effect) return false;
  if (a->effect != VF_EFFECT_READ) return true;
  return a->param == b->param || (strcmp(a->param, b->param) == 0 && a->measure == b->measure);
}

/* A word that engines have: that of the one that was named, else what all of those mean that know
 * it.  *other is another meaning that it has. */
static const vf_dialect *find_dialect(const vf_command *c, const char *word, vf_said *out,
                                      const vf_dialect **other, bool *alone) {
  const vf_dialect *found = NULL;
  const vf_engine *named = NULL;
  const char *version;
  *other = NULL;
  *alone = true;
  if (c->d.request.engine != NULL)
    (void)vf_engine_find(&named, &version, c->d.request.engine, NULL);
  for (size_t i = 0; vf_engine_at(i) != NULL; i++) {
    const vf_engine *e = vf_engine_at(i);
    if (e->dialect == NULL || e->dialect == found) continue;
    vf_said said = vf_dialect_find(e->dialect, word);
    if (!said.exact) continue;
    if ((named != NULL && e->dialect == named->dialect) || e->dialect == c->hint) {
      *out = said;
      *other = NULL;
      return e->dialect;
    }
    if (found != NULL) *alone = false;
    if (found != NULL && !same_meaning(out->row, said.row)) *other = e->dialect;
    if (found != NULL) continue;
    *out = said;
    found = e->dialect;
  }
  return found;
}

static bool is_option_word(const char *word) {
  return word[0] == '-' && word[1] != '\0' && !is_number(word);
}

vf_status vf_command_option(vf_command *command, const char *const *words, size_t count, size_t *at,
                            vf_error *err) {
  VF_NEED(err, command);
  VF_NEED(err, words);
  VF_NEED(err, at);
  if (*at >= count) return vf_fail(err, VF_USAGE, "vf_command_option: there is no word %zu", *at);
  vf_command *c = command;
  const char *word = words[*at], *attached, *value = NULL;
  if (!is_option_word(word)) return vf_fail(err, VF_UNKNOWN, "'%.80s' is no option", word);
  reading r = {c, NULL, words, count, *at, err};
  const vf_param *p = find_ours(word, &attached);
  vf_status status = VF_OK;
  if (p != NULL) {
    status = take_own(&r, p, attached);
  } else {
    vf_said said = {0};
    const vf_dialect *other;
    bool alone = false;
    r.dialect = find_dialect(c, word, &said, &other, &alone);
    if (r.dialect == NULL) return vf_fail(err, VF_UNKNOWN, "'%.80s' is no option", word);
    if (other != NULL)
      return vf_fail(err, VF_USAGE,
                     "'%.60s' means one thing to %s and another to %s: --engine says "
                     "which",
                     word, r.dialect->name, other->name);
    if (alone && said.row->effect == VF_EFFECT_READ) c->hint = r.dialect;
    status = find_value(&r, &said, word, &value);
    if (status == VF_OK) status = take_row(&r, &said, word, value);
  }
  if (status == VF_OK) *at = r.at;
  return status;
}

/* ---- What it came to -------------------------------------------------------------------- */

/* llama.cpp's context is that of all sequences: each gets its share, unless they share one pool.
 * Among our own options -c is of each, unless the sequences were told in llama.cpp's words, too. */
static vf_status share_context(vf_command *c, vf_deployment *d, vf_error *err) {
  vf_request *r = &d->request;
  bool total = c->total_ctx || (c->own_ctx_letter && c->engines_seqs);
  if (!total || r->kv_unified || r->seqs <= 1 || r->ctx_tokens == 0) return VF_OK;
  uint64_t all = r->ctx_tokens;
  r->ctx_tokens = vf_max_u64(all / r->seqs, 1);
  if (c->engine != NULL) return VF_OK;
  const char *text = keep(c,
                          "llama.cpp's context is shared out: %llu tokens for each of %u "
                          "sequences (--ctx and --seqs say it of each)",
                          (unsigned long long)r->ctx_tokens, r->seqs);
  return remark(c, "context-shared", text, err);
}

static bool is_modelfile(const char *path) {
  static const char end[] = ".modelfile";
  const char *slash = strrchr(path, '/');
  const char *name = slash != NULL ? slash + 1 : path;
  size_t n = strlen(name), m = sizeof end - 1;
  return strncmp(name, "Modelfile", 9) == 0 || (n > m && strcmp(name + n - m, end) == 0);
}

/* A path in a Modelfile is relative to its folder. */
static const char *beside(vf_command *c, const char *path, const char *modelfile) {
  const char *slash = strrchr(modelfile, '/');
  if (strncmp(path, "./", 2) != 0 || slash == NULL)
    return vf_arena_copy(c->arena, path, strlen(path));
  return keep(c, "%.*s/%s", (int)(slash - modelfile), modelfile, path + 2);
}

/* What is in a Modelfile stands below what was said. */
static vf_status take_modelfile(vf_command *c, vf_error *err) {
  vf_modelfile file;
  vf_deployment *d = &c->d;
  vf_request *r = &d->request;
  const char *path = d->model;
  if (path == NULL || !is_modelfile(path)) return VF_OK;
  vf_status status = vf_modelfile_read(&file, c->ctx, path, err);
  if (status != VF_OK) return status;
  d->model = beside(c, file.from, path);
  if (file.adapter[0] != '\0' && d->lora == NULL) d->lora = beside(c, file.adapter, path);
  if (d->model == NULL || (file.adapter[0] != '\0' && d->lora == NULL)) return vf_fail_nomem(err);
  if (file.num_ctx > 0 && r->ctx_tokens == 0) r->ctx_tokens = (uint64_t)file.num_ctx;
  if (file.num_gpu >= 0 && r->gpu_layers < 0) r->gpu_layers = (int32_t)file.num_gpu;
  if (file.num_batch > 0 && r->ubatch_tokens == 0) r->ubatch_tokens = (uint32_t)file.num_batch;
  if (r->engine == NULL) r->engine = "ollama";
  return VF_OK;
}

vf_status vf_command_environment(vf_command *command, vf_variable_fn variables, void *user,
                                 vf_error *err) {
  VF_NEED(err, command);
  vf_command *c = command;
  const vf_engine *engine = NULL;
  const char *version;
  vf_status status = take_modelfile(c, err);
  if (status != VF_OK || c->d.request.engine == NULL) return status;
  if (vf_engine_find(&engine, &version, c->d.request.engine, NULL) != VF_OK) return VF_OK;
  if (engine->dialect != &vf_dialect_ollama) return VF_OK;
  reading r = {.c = c, .dialect = engine->dialect, .err = err};
  return take_environment(&r, variables, user);
}

static vf_status not_set(const vf_unstated *u, vf_error *err) {
  const char *word = u->word;
  while (*word == VF_WORD_UNKNOWN) word++;
  int n = (int)strcspn(word, "\1");
  if (u->param == NULL)
    return vf_fail(err, VF_USAGE,
                   "'%.*s' is not set and may stand for any option: write what it stands for", n,
                   word);
  return vf_fail(err, VF_USAGE, "'%.*s' is not set, so that --%s is unknown: write its value", n,
                 word, u->param->info.name);
}

/* How many GPUs a list of what is visible names; 0: it cannot be told, or all are. */
static uint32_t count_visible(const char *visible) {
  uint32_t n = 1;
  if (visible[0] == '\0' || visible[0] == '-' || vf_word_is_unknown(visible)) return 0;
  for (const char *s = visible; *s != '\0'; s++) n += *s == ',';
  return n;
}

/* Where "h100x8" says how many there are; NULL: it does not. */
static const char *find_count(const char *gpu) {
  const char *x = strrchr(gpu, 'x');
  bool counts = x != NULL && x > gpu && x[1] != '\0' && x[1 + strspn(x + 1, "0123456789")] == '\0';
  return counts && strpbrk(gpu, "+,") == NULL ? x : NULL;
}

/* An engine sees no more GPUs than CUDA_VISIBLE_DEVICES lets it. */
static vf_status narrow_devices(vf_command *c, vf_deployment *d, vf_error *err) {
  uint32_t n = c->visible != NULL && d->gpu != NULL ? count_visible(c->visible) : 0, had = d->gpus;
  if (n == 0 || c->engine == NULL) return VF_OK;
  const char *x = find_count(d->gpu);
  bool digits = c->visible[strspn(c->visible, "0123456789,")] == '\0';
  if (strcmp(d->gpu, "auto") == 0 && digits) {
    d->gpu = keep(c, "auto:%.200s", c->visible);
    had = n + 1;
  } else if (d->gpus > n) {
    d->gpus = n;
  } else if (d->gpus == 0 && x != NULL && (had = (uint32_t)strtoul(x + 1, NULL, 10)) > n) {
    d->gpu = keep(c, "%.*s", (int)(x - d->gpu), d->gpu);
    d->gpus = n;
  }
  if (d->gpu == NULL) return vf_fail_nomem(err);
  if (d->gpus == 1) d->gpus = 0;
  if (had <= n) return VF_OK;
  return remark(c, "visible-devices",
                keep(c, "CUDA_VISIBLE_DEVICES=%.80s: the engine sees %u of the GPUs", c->visible, n),
                err);
}

const vf_deployment *vf_command_so_far(const vf_command *c) {
  return c != NULL ? &c->d : NULL;
}

vf_status vf_command_deployment(vf_command *command, vf_deployment *out, vf_error *err) {
  VF_NEED(err, command);
  VF_NEED(err, out);
  vf_command *c = command;
  size_t remarks = c->n_remarks;
  if (c->n_unstated > 0) return not_set(&c->unstated[0], err);
  vf_status status = take_modelfile(c, err);
  vf_deployment d = c->d;
  if (status == VF_OK) status = share_context(c, &d, err);
  if (status == VF_OK) status = narrow_devices(c, &d, err);
  if (status != VF_OK) return status;
  if (c->from_hub && d.mmproj == NULL) d.mmproj = "if-any";
  d.remarks = c->remarks;
  d.n_remarks = c->n_remarks;
  c->n_remarks = remarks; /* what follows from the whole is told anew each time */
  *out = d;
  return VF_OK;
}

const char *vf_command_list(const vf_command *c, vf_axis_kind axis) {
  return c != NULL && (unsigned)axis < VF_AXIS_COUNT ? c->lists[axis] : NULL;
}

const char *const *vf_command_passed(const vf_command *c) {
  static const char *const none[] = {NULL};
  return c != NULL ? c->passed : none;
}

const vf_unread *vf_command_unread(const vf_command *c, size_t *count) {
  *count = c->n_unread;
  return c->unread;
}

const char *vf_command_visible(const vf_command *c) {
  return c->visible;
}

const char *vf_command_container_gpus(const vf_command *c) {
  return c->gpus;
}

const vf_engine *vf_command_engine(const vf_command *c) {
  return c->engine;
}

bool vf_command_states(const vf_command *c, const vf_param *p) {
  return c->stated[p - vf_params];
}

const vf_unstated *vf_command_unstated(const vf_command *c, size_t *count) {
  *count = c->n_unstated;
  return c->unstated;
}

size_t vf_command_remarks(const vf_command *c, vf_deployment *out) {
  out->remarks = c->remarks;
  return c->n_remarks;
}

const char *const *vf_command_taken(const vf_command *c, size_t *count) {
  *count = c->n_taken;
  return c->taken;
}

/* ---- For readers of trainers' words ------------------------------------------------------ */

vf_deployment *vf_command_edit(vf_command *c) {
  return &c->d;
}

vf_arena *vf_command_arena(vf_command *c) {
  return c->arena;
}

const vf_context *vf_command_context(const vf_command *c) {
  return c->ctx;
}

vf_status vf_command_note_taken(vf_command *c, const char *word, vf_error *err) {
  const char *kept = keep(c, "%.200s", word);
  if (kept == NULL) return vf_fail_nomem(err);
  if (c->n_taken < MOST_PASSED) c->taken[c->n_taken++] = kept;
  return VF_OK;
}

vf_status vf_command_note_passed(vf_command *c, const char *word, vf_error *err) {
  const char *kept = keep(c, "%.200s", word);
  return kept != NULL ? pass_over(c, kept, err) : vf_fail_nomem(err);
}

vf_status vf_command_note(vf_command *c, const char *code, const char *text, vf_error *err) {
  return remark(c, code, keep(c, "%.400s", text), err);
}

vf_status vf_command_note_unread(vf_command *c, const char *who, const char *word,
                                 const char *value, bool known, vf_error *err) {
  const vf_dialect named = {.name = who};
  if (c->n_remarks + 1 >= MOST_REMARKS) { /* one place is left to say that there are more */
    bool told = c->n_remarks == MOST_REMARKS;
    return told ? VF_OK
                : remark(c, "options-not-read",
                         "more options than these are not read: they may move memory", err);
  }
  reading r = {.c = c, .dialect = &named, .err = err};
  const char *kept = keep(c, "%.80s", word), *text = keep(c, "%.80s", value);
  if (kept == NULL || text == NULL) return vf_fail_nomem(err);
  return known ? tell_unread(&r, kept, text) : tell_unknown(&r, kept);
}
