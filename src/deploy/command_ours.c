/* command_ours.c - options of ours, and engines' words that stand among them. */
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/status.h"
#include "core/training_params.h"
#include "deploy/command_parts.h"
#include "readers/catalog.h"
#include "readers/files.h"

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
  vf_command_start_list(c, p);
  vf_status status = vf_param_parse(p, &c->d, text, VF_MEASURE_OURS, err);
  if (status == VF_OK) vf_command_state(c, p);
  return status;
}

static vf_status take_own(vf_reading *r, const vf_param *p, const char *attached) {
  char source[48];
  const char *argument = p->info.argument, *value = attached, *word = r->words[r->at];
  vf_error cause = {.status = VF_OK};
  snprintf(source, sizeof source, "--%s", p->info.name);
  if (argument == NULL && attached != NULL)
    return vf_fail(r->err, VF_USAGE, "%s takes no value", source);
  bool optional = argument != NULL && argument[0] == '[';
  vf_spelling ours = {.param = p->info.name};
  if (argument != NULL && value == NULL && (!optional || vf_reading_next_makes_sense(r, &ours))) {
    if (!vf_reading_has_next(r))
      return vf_fail(r->err, VF_USAGE, "%s needs a value (%s)", source, argument);
    value = r->words[++r->at];
  }
  if (value == NULL) value = p->kind == VF_KIND_CPU_MOE ? "all" : "on";
  if (p == &vf_params[VF_PARAM_CTX]) {
    r->c->total_ctx = false;
    r->c->own_ctx_letter = word[1] != '-';
  }
  if (p == &vf_params[VF_PARAM_SEQS]) r->c->engines_seqs = false;
  return vf_command_at_word(take_own_value(r->c, p, value, &cause), source, &cause, r->err);
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

/* Engines may have the word, too, for something that moves no memory. */
static bool is_of_training(const char *word) {
  char name[48];
  if (word[0] != '-' || word[1] != '-') return false;
  snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
  return vf_train_param_find(name) != NULL;
}

/* Ours is of each sequence where the line's may be of all. */
static bool same_context(const vf_command *c) {
  const vf_request *line = &c->line.request, *now = &c->d.request;
  bool shared = c->line_total && !c->total_ctx && !line->kv_unified && line->seqs > 1;
  return now->ctx_tokens == (shared ? line->ctx_tokens / line->seqs : line->ctx_tokens);
}

/* What runs is the line: an option that says otherwise is taken back. */
static vf_status hold_line(vf_command *c, vf_error *err) {
  const vf_param *ctx = &vf_params[VF_PARAM_CTX];
  bool says_ctx = c->line_stated[VF_PARAM_CTX] || vf_param_is_set(ctx, &c->line);
  c->disputed = vf_param_disputed(&c->line, c->line_stated, &c->d, ctx);
  if (c->disputed == NULL && says_ctx && !same_context(c)) c->disputed = ctx;
  return c->disputed != NULL ? vf_param_dispute(c->disputed, &c->line, err) : VF_OK;
}

static vf_status take_option(vf_command *c, const char *const *words, size_t count, size_t *at,
                             vf_error *err) {
  const char *word = words[*at], *attached, *value = NULL;
  if (!vf_is_option_word(word)) return vf_fail(err, VF_UNKNOWN, "'%.80s' is no option", word);
  vf_reading r = {c, NULL, words, count, *at, err};
  const vf_param *p = find_ours(word, &attached);
  vf_status status = VF_OK;
  if (p != NULL) {
    status = take_own(&r, p, attached);
  } else {
    vf_said said = {0};
    const vf_dialect *other;
    bool alone = false;
    r.dialect = find_dialect(c, word, &said, &other, &alone);
    bool read = r.dialect != NULL && said.row->effect == VF_EFFECT_READ;
    if (!read && is_of_training(word))
      return vf_fail(err, VF_USAGE, "'%.60s' is of training: vramfit train, or a trainer's line",
                     word);
    if (r.dialect == NULL) return vf_fail(err, VF_UNKNOWN, "'%.80s' is no option", word);
    if (other != NULL)
      return vf_fail(err, VF_USAGE,
                     "'%.60s' means one thing to %s and another to %s: --engine says "
                     "which",
                     word, r.dialect->name, other->name);
    if (alone && said.row->effect == VF_EFFECT_READ) c->hint = r.dialect;
    status = vf_reading_find_value(&r, &said, word, &value);
    if (status == VF_OK) status = vf_reading_take_row(&r, &said, word, value);
  }
  if (status == VF_OK) *at = r.at;
  return status;
}

vf_status vf_command_option(vf_command *command, const char *const *words, size_t count, size_t *at,
                            vf_error *err) {
  VF_NEED(err, command);
  VF_NEED(err, words);
  VF_NEED(err, at);
  if (*at >= count) return vf_fail(err, VF_USAGE, "vf_command_option: there is no word %zu", *at);
  vf_command *c = command;
  vf_error cause = {.status = VF_OK};
  const char *option = words[*at];
  bool total = c->total_ctx, letter = c->own_ctx_letter, seqs = c->engines_seqs;
  c->disputed = NULL;
  if (c->holds) c->before = c->d;
  vf_status status = take_option(c, words, count, at, err);
  if (status != VF_OK || !c->holds) return status;
  status = hold_line(c, &cause);
  if (status == VF_OK) return status;
  c->d = c->before;
  c->total_ctx = total;
  c->own_ctx_letter = letter;
  c->engines_seqs = seqs;
  return vf_command_at_word(status, option, &cause, err);
}
