/* command.c - an engine's launch line, or options of ours, to a deployment.
 *
 * Every word is accounted for: it is a parameter, it moves no memory and is passed over, it may
 * move some and becomes a remark that names it, or it is an error.  Which of them is told by the
 * tables of engines/<e>/spelling.c alone.  Here are the sources: a line, a text, variables. */
#include "deploy/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/names.h"
#include "base/status.h"
#include "deploy/command_parts.h"
#include "deploy/words.h"
#include "deploy/wrapper.h"
#include "readers/catalog.h"

enum { ARENA_BYTES = 16 << 20 };

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

const char *vf_command_keep(vf_command *c, const char *fmt, ...) {
  char text[512];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  return vf_arena_copy(c->arena, text, strlen(text));
}

vf_status vf_command_remark(vf_command *c, const char *code, const char *text, vf_error *err) {
  if (text == NULL) return vf_fail_nomem(err);
  if (c->n_remarks == VF_MOST_REMARKS)
    return vf_fail(err, VF_LIMIT, "more than %d options are not understood", VF_MOST_REMARKS);
  c->remarks[c->n_remarks++] = (vf_assumption){code, text};
  return VF_OK;
}

vf_status vf_command_pass_over(vf_command *c, const char *word, vf_error *err) {
  if (c->n_passed == VF_MOST_PASSED)
    return vf_fail(err, VF_LIMIT, "more options than any command line has");
  c->passed[c->n_passed++] = word;
  return VF_OK;
}

vf_status vf_command_note_unstated(vf_command *c, const vf_param *p, const char *word,
                                   vf_error *err) {
  if (c->n_unstated == VF_MOST_UNSTATED)
    return vf_fail(err, VF_LIMIT, "more than %d variables are not set", VF_MOST_UNSTATED);
  c->unstated[c->n_unstated++] = (vf_unstated){p, word};
  return VF_OK;
}

/* What a parser says, told at the word that it was about. */
vf_status vf_command_at_word(vf_status status, const char *name, const vf_error *cause,
                             vf_error *err) {
  if (status == VF_OK) return status;
  if (status == VF_UNKNOWN) status = VF_USAGE; /* it is the value that is not known */
  if (err == NULL) return status;
  *err = *cause;
  err->status = status;
  size_t n = strcspn(name, " ");
  snprintf(err->source, sizeof err->source, "%.*s", (int)(n < 100 ? n : 100), name);
  return status;
}

/* ---- A line ----------------------------------------------------------------------------- */

/* A manifest is read to its end, so that all of it can be told. */
static bool goes_on(vf_reading *r, vf_status status) {
  vf_command *c = r->c;
  if (!c->tolerant || status == VF_NOMEM || status == VF_LIMIT) return false;
  if (c->first_trouble.status == VF_OK && r->err != NULL) c->first_trouble = *r->err;
  return true;
}

static vf_status take_words(vf_reading *r) {
  vf_status status = VF_OK;
  for (; status == VF_OK && r->at < r->count; r->at++) {
    status =
        vf_is_option_word(r->words[r->at]) ? vf_reading_take_option(r) : vf_reading_take_bare(r);
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

static vf_status take_variable(vf_reading *r, const vf_spelling *row, const char *value) {
  char source[64];
  vf_error cause = {.status = VF_OK};
  if (row->effect == VF_EFFECT_UNREAD && vf_spelling_is_plain(row, value)) return VF_OK;
  if (row->effect == VF_EFFECT_UNREAD) return vf_reading_tell_unread(r, row->env, value);
  snprintf(source, sizeof source, "$%s", row->env);
  return vf_command_at_word(vf_command_take_value(r->c, row, value, &cause), source, &cause,
                            r->err);
}

/* Variables stand below everything else: what was said already is left alone. */
vf_status vf_reading_take_environment(vf_reading *r, vf_variable_fn variables, void *user) {
  vf_status status = VF_OK;
  if (variables == NULL) return VF_OK;
  for (size_t i = 0; status == VF_OK && i < r->dialect->n_rows; i++) {
    const vf_spelling *row = &r->dialect->rows[i];
    const vf_param *p = row->param != NULL ? vf_param_find(row->param, strlen(row->param)) : NULL;
    bool adds = row->measure == VF_MEASURE_FILE;
    bool said = row->env == NULL || (p != NULL && !adds && vf_param_is_set(p, &r->c->d));
    const char *value = said ? NULL : variables(user, row->env);
    if (value != NULL && value[0] != '\0') status = take_variable(r, row, value);
  }
  return status;
}

/* Of a repository the file that is named is loaded, whatever tag stands behind the repository;
 * where -m stands beside -hf it names that file (llama.cpp's common/arg.cpp). */
static vf_status take_file(vf_command *c, vf_error *err) {
  const char *file = c->repo_file != NULL ? c->repo_file : c->path;
  const char *slash = file != NULL && c->repo_file == NULL ? strrchr(file, '/') : NULL;
  if (c->repo == NULL || file == NULL) return VF_OK;
  char name[VF_NAME_SIZE];
  const char *whole = vf_command_keep(c, "%s/%s", c->repo, slash != NULL ? slash + 1 : file);
  if (whole == NULL) return vf_fail_nomem(err);
  bool stated = vf_param_format_in(name, whole);
  const char *format = stated ? vf_command_keep(c, "%s", name) : NULL;
  if (stated && format == NULL) return vf_fail_nomem(err);
  c->from_hub = true;
  c->d.model = stated ? c->repo : whole;
  c->d.quant = c->d.engines_quant = format;
  return VF_OK;
}

static void new_source(vf_command *c) {
  memset(c->said, 0, sizeof c->said);
}

vf_status vf_command_options(vf_command *c, const vf_engine *engine, const char *const *words,
                             size_t count, vf_variable_fn variables, void *user, vf_error *err) {
  if (engine->dialect == NULL)
    return vf_fail(err, VF_UNSUPPORTED, "%s is started by no command line", engine->name);
  vf_reading r = {c, engine->dialect, words, count, 0, err};
  c->engine = engine;
  c->d.request.engine = engine->name;
  c->d.elsewhere = c->d.own_line = true;
  new_source(c);
  vf_status status = vf_reading_take_environment(&r, variables, user);
  new_source(c);
  if (status == VF_OK) status = take_words(&r);
  new_source(c);
  return status == VF_OK ? take_file(c, err) : status;
}

void vf_command_hold_line(vf_command *command) {
  vf_command *c = command;
  if (c == NULL) return;
  c->holds = c->engine != NULL;
  c->line = c->d;
  c->line_total = c->total_ctx;
  memcpy(c->line_stated, c->stated, sizeof c->line_stated);
}

bool vf_command_is_disputed(const vf_command *c) {
  return c->disputed != NULL;
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
  c->host_bytes = w->host_bytes;
  c->host_strange = w->host_strange;
  static const char *const visible[] = {"CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES",
                                        "ROCR_VISIBLE_DEVICES"};
  c->visible = NULL;
  for (size_t i = 0; c->visible == NULL && i < sizeof visible / sizeof *visible; i++)
    c->visible = vf_wrapper_variable(w, visible[i]);
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

/* A line that somebody pasted has blanks, or the '\r' of a mail, between a backslash and the end of
 * its line, and is meant as one.  In a file that a shell reads the command ends there.  NULL: no
 * memory. */
static const char *join_pasted(const char *text, vf_arena *arena) {
  size_t n = strlen(text), to = 0;
  char *out = vf_arena_copy(arena, text, n);
  for (size_t i = 0; out != NULL && i < n; i++) {
    out[to++] = text[i];
    if (text[i] != '\\') continue;
    size_t blanks = strspn(text + i + 1, " \t\r");
    if (text[i + 1 + blanks] == '\n') i += blanks;
  }
  if (out != NULL) out[to] = '\0';
  return out;
}

vf_status vf_command_read_text(vf_command *command, const char *text, vf_variable_fn variables,
                               void *user, vf_error *err) {
  VF_NEED(err, command);
  VF_NEED(err, text);
  first_engine f = {command, false};
  text = join_pasted(text, command->arena);
  if (text == NULL) return vf_fail_nomem(err);
  vf_status status = vf_shell_read(text, variables, user, command->arena, take_if_engine, &f, err);
  return status == VF_OK && !f.found ? no_engine(err) : status;
}

/* ---- What was read, for those who ask --------------------------------------------------- */

const vf_deployment *vf_command_so_far(const vf_command *c) {
  return c != NULL ? &c->d : NULL;
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

uint64_t vf_command_host_bytes(const vf_command *c, const char **strange) {
  *strange = c->host_strange;
  return c->host_bytes;
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
