/* check.c - files in, judged deployments out, so many at a time.
 *
 * What is held is one batch, so that ten thousand deployments take no more memory than a hundred;
 * only what could not be read is kept to the end, since JSON tells it there. */
#include "solve/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/status.h"
#include "deploy/setup.h"
#include "engines/engine.h"
#include "engines/trainers.h"
#include "readers/catalog.h"
#include "readers/files.h"

enum { BATCH_ARENA = 64 << 20, KEPT_ARENA = 256 << 20, MOST_UNCHECKED = 20000 };

const vf_rule vf_rules[VF_RULE_COUNT] = {
    [VF_RULE_NO_FIT] = {"no-fit", VF_LEVEL_ERROR,
                        "It needs more memory than the devices have for it."},
    [VF_RULE_RISKY] = {"risky", VF_LEVEL_ERROR,
                       "What is expected fits, the upper end of the estimate does not."},
    [VF_RULE_TIGHT] = {"tight", VF_LEVEL_WARNING, "It fits, without the headroom that is wanted."},
    [VF_RULE_REFUSED] = {"refused", VF_LEVEL_ERROR, "The engine does not start like this."},
    [VF_RULE_EXPECTED] = {"expectation", VF_LEVEL_ERROR,
                          "Something that the manifest expects of it does not hold."},
    [VF_RULE_NOT_JUDGED] = {"not-judged", VF_LEVEL_NOTE,
                            "Which GPU it runs on cannot be told: --gpu or the manifest says it."},
    [VF_RULE_VARIABLE] = {"variable-not-set", VF_LEVEL_NOTE,
                          "A parameter is stated by a variable whose value is not known."},
    [VF_RULE_MODEL_UNKNOWN] = {"model-unknown", VF_LEVEL_NOTE,
                               "The model is neither known nor here, or none is stated."},
    [VF_RULE_INVALID] = {"option-invalid", VF_LEVEL_ERROR,
                         "An option's value makes no sense, or the engine has no such word."},
    [VF_RULE_UNREAD] = {"option-not-read", VF_LEVEL_WARNING,
                        "An option may move memory and is not counted."},
    [VF_RULE_BEYOND] = {"context-beyond-model", VF_LEVEL_WARNING,
                        "The context is beyond the model's own limit."},
};

const vf_rule *vf_rule_get(size_t i) {
  return i < VF_RULE_COUNT ? &vf_rules[i] : NULL;
}

/* ---- Keeping ---------------------------------------------------------------------------- */

const char *vf_check_keep(vf_check *c, const char *text) {
  return text != NULL ? vf_arena_copy(c->arena, text, strlen(text)) : NULL;
}

vf_finding *vf_checked_add(vf_check *c, vf_checked *to, vf_rule_id rule, const char *fmt, ...) {
  char text[1024];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  if (to->n_findings == VF_CHECK_FINDINGS) return NULL;
  vf_finding *f = &to->findings[to->n_findings++];
  *f = (vf_finding){.rule = &vf_rules[rule],
                    .level = vf_rules[rule].level,
                    .line = to->line,
                    .column = to->column,
                    .message = vf_check_keep(c, text)};
  if (f->message == NULL) f->message = vf_rules[rule].help;
  return f;
}

bool vf_finding_fails(const vf_check *c, const vf_finding *f) {
  bool strict =
      c->options.strict &&
      (f->level == VF_LEVEL_WARNING || f->rule == &vf_rules[VF_RULE_NOT_JUDGED] ||
       f->rule == &vf_rules[VF_RULE_VARIABLE] || f->rule == &vf_rules[VF_RULE_MODEL_UNKNOWN]);
  return !f->known && (f->level == VF_LEVEL_ERROR || strict);
}

static vf_status note_unchecked(vf_check *c, const char *path, uint32_t line, uint32_t column,
                                const char *message, bool passed, vf_error *err) {
  if (passed)
    c->counts.passed++;
  else
    c->counts.errors++;
  if (c->counts.passed + c->counts.errors > MOST_UNCHECKED) return VF_OK;
  vf_unchecked *u = vf_arena_alloc(c->kept, 1, sizeof *u);
  if (u == NULL) return vf_fail_nomem(err);
  *u = (vf_unchecked){.file = vf_arena_copy(c->kept, c->file, strlen(c->file)),
                      .message = vf_arena_copy(c->kept, message, strlen(message)),
                      .path = vf_arena_copy(c->kept, path, strlen(path)),
                      .line = line,
                      .column = column,
                      .passed = passed};
  if (u->file == NULL || u->message == NULL || u->path == NULL) return vf_fail_nomem(err);
  if (c->last_unchecked != NULL)
    c->last_unchecked->next = u;
  else
    c->unchecked = u;
  c->last_unchecked = u;
  return VF_OK;
}

/* ---- Batches ---------------------------------------------------------------------------- */

static vf_status start_batch(vf_check *c, vf_error *err) {
  if (c->arena != NULL) vf_arena_free(c->arena);
  c->arena = vf_arena_new(&c->ctx->allocator, BATCH_ARENA);
  c->batch =
      c->arena != NULL ? vf_arena_alloc_raw(c->arena, VF_CHECK_BATCH, sizeof *c->batch) : NULL;
  c->n_batch = 0;
  return c->batch != NULL ? VF_OK : vf_fail_nomem(err);
}

static vf_status flush(vf_check *c, bool ends, vf_error *err) {
  c->ends_file = ends;
  vf_status status = c->each != NULL ? c->each(c->user, c, err) : VF_OK;
  return status == VF_OK && !ends ? start_batch(c, err) : status;
}

/* The next place of the batch; what has no room beside the others gets a batch of its own. */
static vf_status judge_next(vf_check *c, const vf_found *found, vf_error *err) {
  vf_checked *to = &c->batch[c->n_batch];
  memset(to, 0, sizeof *to);
  vf_status status = vf_judge(c, to, found, err);
  if (status != VF_NOMEM || !vf_arena_is_full(c->arena)) return status;
  if (c->n_batch == 0)
    return vf_fail(err, VF_LIMIT, "%.200s states more than is kept of a deployment", found->path);
  status = flush(c, false, err);
  return status == VF_OK ? judge_next(c, found, err) : status;
}

static vf_status take_found(void *user, const vf_found *found, vf_error *err) {
  vf_check *c = user;
  vf_status status = c->n_batch == VF_CHECK_BATCH ? flush(c, false, err) : VF_OK;
  if (status == VF_OK) status = judge_next(c, found, err);
  if (status != VF_OK) return status;
  vf_checked *to = &c->batch[c->n_batch];
  vf_baseline_apply(c, to);
  for (size_t i = 0; i < to->n_findings; i++) to->failed |= vf_finding_fails(c, &to->findings[i]);
  c->n_batch++;
  c->counts.deployments++;
  c->counts.judged += to->judged;
  c->counts.failed += to->failed;
  return VF_OK;
}

static vf_status take_passed(void *user, const char *path, uint32_t line, const char *reason,
                             vf_error *err) {
  vf_check *c = user;
  return note_unchecked(c, path, line, 1, reason, true, err);
}

/* ---- Models in folders ------------------------------------------------------------------ */

static bool ends(const char *name, const char *end) {
  size_t n = strlen(name), m = strlen(end);
  return n >= m && strcmp(name + n - m, end) == 0;
}

static bool is_config(const char *name) {
  return ends(name, "/config.json") || strcmp(name, "config.json") == 0;
}

static bool is_weights(const char *name) {
  return ends(name, ".gguf") || ends(name, ".safetensors");
}

static bool is_model(const char *name) {
  return is_weights(name) || is_config(name);
}

bool vf_check_wants(const char *name) {
  return name != NULL && (is_model(name) || vf_manifest_may_be(name));
}

/* One whose part is not the first is the first one's business. */
static bool is_later_part(const char *name) {
  const char *of = strstr(name, "-of-");
  return of != NULL && of - name >= 5 && memcmp(of - 5, "00001", 5) != 0;
}

/* Weights with a config beside them are told with it: the config opens their folder. */
static bool has_config(const vf_context *ctx, const char *name) {
  char path[4096];
  const char *slash = strrchr(name, '/');
  vf_path_kind kind = VF_PATH_NONE;
  size_t n = slash != NULL ? (size_t)(slash + 1 - name) : 0;
  if (!ends(name, ".safetensors") || n + sizeof "config.json" > sizeof path) return false;
  memcpy(path, name, n);
  memcpy(path + n, "config.json", sizeof "config.json");
  return vf_files_look(&kind, &ctx->files, path, NULL) == VF_OK && kind == VF_PATH_FILE;
}

/* A model against the policy: a config with its weights beside it is their folder. */
static vf_status take_model(vf_check *c, const char *name, vf_error *err) {
  vf_command *command = NULL;
  vf_error cause = {.status = VF_OK};
  const char *words[2] = {"--model", name};
  size_t at = 0;
  if (is_later_part(name) || has_config(c->ctx, name)) return VF_OK;
  vf_status status = vf_command_new(&command, c->ctx, err);
  if (status != VF_OK) return status;
  vf_found found = {.path = "model", .line = 1, .column = 1, .command = command};
  found.status = vf_command_option(command, words, 2, &at, &cause);
  found.error = cause;
  status = take_found(c, &found, err);
  vf_command_free(command);
  return status;
}

/* A config.json of something else than a model is nothing to check. */
static bool is_model_config(const vf_context *ctx, const char *path) {
  vf_arena *arena = vf_arena_new(&ctx->allocator, 24 << 20);
  char *text;
  size_t length;
  const vf_node *documents;
  bool is = false;
  if (arena == NULL) return true;
  if (vf_files_read(&text, &length, &ctx->files, path, 4 << 20, arena, NULL) != VF_OK ||
      vf_node_read_json(&documents, text, length, arena, NULL) != VF_OK)
    is = true; /* opening it tells why not */
  else
    is = vf_node_text(vf_node_at(documents, 0), "model_type") != NULL ||
         vf_node_get(vf_node_at(documents, 0), "architectures") != NULL;
  vf_arena_free(arena);
  return is;
}

/* ---- Files ------------------------------------------------------------------------------ */

static vf_status tell_error(vf_check *c, const vf_error *cause, vf_error *err) {
  return note_unchecked(c, cause->path, cause->line, cause->column, cause->message, false, err);
}

static vf_status read_manifest(vf_check *c, const char *text, size_t length, vf_error *err) {
  const char *kind = NULL;
  vf_error cause = {.status = VF_OK};
  const vf_manifest_sink sink = {take_found, take_passed, c};
  size_t before = c->counts.deployments + c->counts.passed;
  vf_status status =
      text != NULL ? vf_manifest_read_text(&kind, c->ctx, c->file, text, length, &sink, &cause)
                   : vf_manifest_read(&kind, c->ctx, c->file, &sink, &cause);
  if (status == VF_NOMEM) return vf_fail_nomem(err);
  if (status == VF_USAGE && err != NULL) *err = cause;
  if (status == VF_USAGE) return status;
  if (status != VF_OK) return tell_error(c, &cause, err);
  bool nothing = c->counts.deployments + c->counts.passed == before;
  if (nothing && c->options.told_all)
    return note_unchecked(c, "", 1, 1,
                          kind != NULL ? "nothing in it starts an engine that is known"
                                       : "it is no manifest that is known, and was not read",
                          true, err);
  return VF_OK;
}

static vf_status run(vf_check *c, const char *path, const char *text, size_t length,
                     vf_check_fn each, void *user, vf_error *err) {
  c->file = path;
  c->each = each;
  c->user = user;
  c->counts.files++;
  vf_status status = start_batch(c, err);
  if (status != VF_OK) return status;
  bool model =
      text == NULL && (is_weights(path) || (is_config(path) && is_model_config(c->ctx, path)));
  status = model ? take_model(c, path, err) : read_manifest(c, text, length, err);
  return status == VF_OK ? flush(c, true, err) : status;
}

vf_status vf_check_file(vf_check *check, const char *path, vf_check_fn each, void *user,
                        vf_error *err) {
  VF_NEED(err, check);
  VF_NEED(err, path);
  return run(check, path, NULL, 0, each, user, err);
}

vf_status vf_check_text(vf_check *check, const char *name, const char *text, size_t length,
                        vf_check_fn each, void *user, vf_error *err) {
  VF_NEED(err, check);
  VF_NEED(err, name);
  VF_NEED(err, text);
  return run(check, name, text, length, each, user, err);
}

/* ---- The check -------------------------------------------------------------------------- */

/* What the policy names has to be there, before any deployment is judged by it. */
static vf_status check_policy(vf_check *c, vf_error *err) {
  const vf_deployment *p = &c->policy;
  const vf_engine *engine;
  const vf_trainer *trainer;
  const char *version;
  size_t n;
  vf_status status = VF_OK;
  if (p->gpu != NULL) status = vf_deployment_devices(c->devices, &n, c->ctx, p, err);
  if (status == VF_OK && p->quant != NULL) status = vf_deployment_quant_check(p->quant, err);
  if (status == VF_OK && p->request.engine != NULL &&
      vf_trainer_find(&trainer, p->request.engine, NULL) != VF_OK)
    status = vf_engine_find(&engine, &version, p->request.engine, err);
  return status;
}

vf_status vf_check_new(vf_check **out, const vf_context *ctx, const vf_check_options *options,
                       vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, ctx);
  vf_check_options o = vf_check_options_init();
  vf_status status = vf_take_struct(&o, sizeof o, options, "vf_check_options", err);
  if (status != VF_OK) return status;
  vf_check *c = ctx->allocator.alloc(ctx->allocator.user, sizeof *c);
  if (c == NULL) return vf_fail_nomem(err);
  memset(c, 0, sizeof *c);
  c->ctx = ctx;
  c->options = o;
  c->file = "";
  c->policy = o.policy != NULL ? *o.policy : vf_deployment_init();
  c->kept = vf_arena_new(&ctx->allocator, KEPT_ARENA);
  if (c->kept == NULL) status = vf_fail_nomem(err);
  if (status == VF_OK) status = vf_estimate_new(&c->estimate, ctx, err);
  if (status == VF_OK) status = vf_estimate_new(&c->scratch, ctx, err);
  if (status == VF_OK) status = check_policy(c, err);
  if (status == VF_OK)
    *out = c;
  else
    vf_check_free(c);
  return status;
}

void vf_check_free(vf_check *c) {
  if (c == NULL) return;
  vf_estimate_free(c->estimate);
  vf_estimate_free(c->scratch);
  if (c->arena != NULL) vf_arena_free(c->arena);
  if (c->kept != NULL) vf_arena_free(c->kept);
  c->ctx->allocator.free(c->ctx->allocator.user, c);
}

vf_check_counts vf_check_counted(const vf_check *c) {
  return c != NULL ? c->counts : (vf_check_counts){0};
}
