/* judge.c - one deployment of a file: which devices, does it fit, what of it was not understood.
 *
 * Nothing is guessed: without a GPU, a model or a value that is stated by a variable there is no
 * verdict, and a finding says why.  Where a manifest allows any of several GPUs, the one that it
 * fits least is judged. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"
#include "base/text.h"
#include "base/units.h"
#include "core/estimate.h"
#include "core/training_params.h"
#include "core/words.h"
#include "deploy/setup.h"
#include "solve/check.h"
#include "vramfit/solve.h"

enum { LONGEST_MODEL = 4096 };

/* What counts for all: memory, what is used, the headroom.  Of main memory the least that is said.
 */
static void apply_policy(vf_check *c, vf_deployment *d, const vf_checked *k) {
  const vf_deployment *p = &c->policy;
  if (d->memory_bytes == 0) d->memory_bytes = p->memory_bytes;
  if (d->used_bytes == 0) d->used_bytes = p->used_bytes;
  if (!d->headroom.set) d->headroom = p->headroom;
  const uint64_t limits[] = {k->gpus.host_bytes, p->request.host_memory_bytes};
  uint64_t *host = &d->request.host_memory_bytes;
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
    if (limits[i] != 0 && (*host == 0 || limits[i] < *host)) *host = limits[i];
}

/* ---- What was not understood ------------------------------------------------------------ */

static vf_status take_unset(vf_check *c, vf_checked *k, vf_command *command, vf_error *err) {
  size_t n;
  const vf_unstated *u = vf_command_unstated(command, &n);
  k->unset = vf_arena_alloc(c->arena, 2 * n + 1, sizeof *k->unset);
  if (k->unset == NULL) return vf_fail_nomem(err);
  for (size_t i = 0; i < n; i++) {
    const char *word = vf_word_written(u[i].word, c->arena);
    if (word == NULL) return vf_fail_nomem(err);
    k->unset[2 * i] = u[i].param != NULL ? u[i].param->info.key : "";
    k->unset[2 * i + 1] = word;
    if (u[i].param != NULL && strcmp(u[i].param->info.key, "model") == 0 && k->model == NULL)
      k->model = word;
    if (u[i].param != NULL)
      vf_checked_add(c, k, VF_RULE_VARIABLE, "%s is stated by '%.120s', whose value is not known",
                     u[i].param->info.key, word);
    else
      vf_checked_add(c, k, VF_RULE_VARIABLE, "'%.120s' is not known and may stand for any option",
                     word);
  }
  return VF_OK;
}

/* Copies of so many words. */
static const char **keep_words(vf_check *c, const char *const *words, size_t n) {
  const char **list = vf_arena_alloc(c->arena, n + 1, sizeof *list);
  for (size_t i = 0; list != NULL && i < n; i++) {
    list[i] = vf_check_keep(c, words[i]);
    if (list[i] == NULL) return NULL;
  }
  return list;
}

static vf_status take_accounted(vf_check *c, vf_checked *k, const vf_found *found, vf_error *err) {
  size_t n = 0, m = 0;
  if (found->command == NULL) return VF_OK;
  const char *const *taken = vf_command_taken(found->command, &n);
  const char *const *passed = vf_command_passed(found->command);
  while (passed[m] != NULL) m++;
  k->read = keep_words(c, taken, n);
  k->passed = keep_words(c, passed, m);
  return k->read != NULL && k->passed != NULL ? VF_OK : vf_fail_nomem(err);
}

/* Where the word stands in the file; 0: that is not known. */
static uint32_t line_of(const vf_found *found, const char *word) {
  for (size_t i = 0; i < found->n_words; i++)
    if (found->words[i] == word) return found->lines[i];
  return 0;
}

static vf_status take_unread(vf_check *c, vf_checked *k, const vf_found *found, vf_error *err) {
  size_t n = 0;
  const vf_unread *u = found->command != NULL ? vf_command_unread(found->command, &n) : NULL;
  size_t all = n + found->n_foreign;
  k->unread = vf_arena_alloc(c->arena, all + 1, sizeof *k->unread);
  if (k->unread == NULL) return vf_fail_nomem(err);
  for (size_t i = 0; i < all; i++) {
    k->unread[i] = vf_check_keep(c, i < n ? u[i].text : found->foreign[i - n]);
    if (k->unread[i] == NULL) return vf_fail_nomem(err);
  }
  for (size_t i = 0; i < n; i++) {
    vf_finding *f =
        vf_checked_add(c, k, VF_RULE_UNREAD,
                       u[i].known ? "%.200s is not counted: it may move memory"
                                  : "%.200s is no option that is known: it may move memory",
                       k->unread[i]);
    uint32_t line = line_of(found, u[i].word);
    if (f != NULL && line != 0) f->line = line, f->column = 1;
  }
  return VF_OK;
}

/* Strings of a deployment go with the command that they came from. */
static vf_status keep_deployment(vf_check *c, vf_checked *k, const vf_deployment *d,
                                 vf_error *err) {
  k->deployment = *d;
  for (size_t i = 0; i < VF_PARAM_COUNT; i++) {
    if (vf_params[i].kind != VF_KIND_TEXT && vf_params[i].kind != VF_KIND_SPEC) continue;
    const char **at =
        (const char **)(void *)((unsigned char *)&k->deployment + vf_params[i].offset);
    if (*at == NULL) continue;
    *at = vf_check_keep(c, *at);
    if (*at == NULL) return vf_fail_nomem(err);
  }
  for (size_t i = 0; i < VF_TRAIN_PARAM_COUNT; i++) {
    const char **at = vf_train_param_text(&vf_train_params[i], &k->deployment.train);
    if (at == NULL || *at == NULL) continue;
    *at = vf_check_keep(c, *at);
    if (*at == NULL) return vf_fail_nomem(err);
  }
  vf_request *r = &k->deployment.request;
  for (size_t i = 0; i < r->override_count; i++) {
    r->overrides[i].pattern =
        vf_arena_copy(c->arena, r->overrides[i].pattern, r->overrides[i].length);
    if (r->overrides[i].pattern == NULL) return vf_fail_nomem(err);
  }
  k->deployment.remarks = NULL;
  k->deployment.n_remarks = 0;
  return VF_OK;
}

static vf_status keep_gpus(vf_check *c, vf_checked *k, const vf_found_gpus *g, vf_error *err) {
  k->gpus = *g;
  for (size_t i = 0; i < g->n_names; i++) {
    k->gpus.names[i] = vf_check_keep(c, g->names[i]);
    if (k->gpus.names[i] == NULL) return vf_fail_nomem(err);
  }
  k->gpus.slice = vf_check_keep(c, g->slice);
  k->gpus.unclear = vf_check_keep(c, g->unclear);
  if ((g->slice != NULL && k->gpus.slice == NULL) ||
      (g->unclear != NULL && k->gpus.unclear == NULL))
    return vf_fail_nomem(err);
  if (g->visible != NULL) {
    const char *written = vf_word_written(g->visible, c->arena);
    if (written == NULL) return vf_fail_nomem(err);
    k->gpus.visible = written;
  }
  return VF_OK;
}

static vf_status keep_found(vf_check *c, vf_checked *k, const vf_found *found, vf_error *err) {
  const vf_engine *engine = found->command != NULL ? vf_command_engine(found->command) : NULL;
  const vf_deployment none = vf_deployment_init();
  const vf_deployment *d = found->command != NULL ? vf_command_so_far(found->command) : &none;
  k->path = vf_check_keep(c, found->path);
  k->line = found->line;
  k->column = found->column;
  if (k->path == NULL) return vf_fail_nomem(err);
  vf_status status = keep_deployment(c, k, d, err);
  if (status == VF_OK) status = keep_gpus(c, k, &found->gpus, err);
  if (status != VF_OK) return status;
  k->engine = found->engine != NULL ? vf_check_keep(c, found->engine)
              : engine != NULL      ? engine->name
                                    : k->deployment.request.engine;
  if (engine != NULL && engine->dialect == &vf_dialect_llamacpp) {
    k->program = engine->name;
    k->engine = "llama.cpp";
  }
  if (d->model == NULL && found->model != NULL) {
    k->model = vf_word_written(found->model, c->arena);
    if (k->model == NULL) return vf_fail_nomem(err);
  } else {
    k->model = k->deployment.model;
    if (k->model != NULL && k->model[0] == '{') k->model = "the network described";
  }
  return VF_OK;
}

/* ---- The verdict ------------------------------------------------------------------------ */

static void sum_up(vf_outcome *out, const vf_estimate *e) {
  size_t n;
  const vf_device_budget *b = vf_estimate_devices(e, &n);
  const vf_device_budget *tightest = vf_estimate_tightest(e);
  *out = (vf_outcome){
      .known = true, .verdict = vf_estimate_verdict(e), .engine = vf_estimate_workload(e)->engine};
  for (size_t i = 0; i < n; i++) {
    if (b[i].device.kind == VF_DEVICE_HOST && n > 1) continue;
    out->need_bytes += b[i].need.bytes;
    out->need_high_bytes += b[i].need.high_bytes;
    out->capacity_bytes += b[i].capacity_bytes;
  }
  if (tightest == NULL) return;
  out->headroom_bytes = tightest->headroom_bytes;
  out->target_bytes = tightest->headroom_target_bytes;
}

/* "needs 20.11 of 15.70 GiB on RTX 4080: 4.41 GiB too much" */
static vf_finding *tell_verdict(vf_check *c, vf_checked *k, const vf_device_budget *b) {
  char need[VF_CHECK_SIZE], capacity[VF_CHECK_SIZE], by[VF_CHECK_SIZE];
  vf_verdict v = k->verdict;
  if (v == VF_FITS || b == NULL) return NULL;
  uint64_t high = b->need.high_bytes, target = b->headroom_target_bytes, left = 0;
  vf_check_size(need, v == VF_NO_FIT ? b->need.bytes : high);
  vf_check_size(capacity, b->capacity_bytes);
  if (v == VF_NO_FIT) {
    left = b->need.bytes > b->capacity_bytes ? b->need.bytes - b->capacity_bytes : 0;
    vf_check_size(by, left);
    const char *refusal = c->estimate->refusal, *crowded = c->estimate->crowded;
    if (left == 0 && refusal != NULL)
      return vf_checked_add(c, k, refusal == crowded ? VF_RULE_NO_FIT : VF_RULE_REFUSED, "%s",
                            refusal);
    if (left == 0)
      return vf_checked_add(c, k, VF_RULE_NO_FIT,
                            "%s does not start it on %s: it needs %s of %s GiB "
                            "on %s, and a larger share than it is given",
                            k->engine != NULL ? k->engine : "the engine", k->judged_on, need,
                            capacity, b->device.name);
    return vf_checked_add(c, k, VF_RULE_NO_FIT, "needs %s of %s GiB on %s: %s GiB too much", need,
                          capacity, b->device.name, by);
  }
  if (v == VF_RISKY) {
    vf_check_size(by, high > b->capacity_bytes ? high - b->capacity_bytes : 0);
    vf_finding *f =
        vf_checked_add(c, k, VF_RULE_RISKY, "may need up to %s of %s GiB on %s: %s GiB too much",
                       need, capacity, b->device.name, by);
    if (f != NULL && c->options.allow_risky) f->level = VF_LEVEL_WARNING;
    return f;
  }
  uint64_t with = high + target;
  vf_check_size(by, with > b->capacity_bytes ? with - b->capacity_bytes : 0);
  return vf_checked_add(c, k, VF_RULE_TIGHT,
                        "needs up to %s of %s GiB on %s: %s GiB less headroom than wanted", need,
                        capacity, b->device.name, by);
}

static bool beyond_model(const vf_estimate *e) {
  size_t n;
  const vf_assumption *a = vf_estimate_assumptions(e, &n);
  for (size_t i = 0; i < n; i++)
    if (strncmp(a[i].code, "ctx-beyond-model", 16) == 0) return true;
  return false;
}

/* Whether a figure below tells more than the verdict itself. */
static bool needs_limits(const vf_checked *k, const vf_node *expect) {
  return k->verdict != VF_FITS || vf_node_get(expect, "min_seqs") != NULL ||
         vf_node_get(expect, "min_ctx") != NULL;
}

/* With the estimate done: what it says. */
static vf_status tell_estimate(vf_check *c, vf_checked *k, const vf_setup *setup,
                               const vf_node *expect, vf_error *err) {
  vf_limits l = {.gpu_layers = -1};
  size_t n;
  const vf_device *devices = vf_setup_devices(setup, &n);
  k->judged = true;
  sum_up(&k->outcome, c->estimate);
  k->verdict = k->outcome.verdict;
  if (k->engine == NULL) k->engine = k->outcome.engine;
  k->version = vf_estimate_workload(c->estimate)->engine_version;
  if (needs_limits(k, expect)) {
    vf_status status = vf_limits_solve(&l, c->estimate, c->scratch, devices, n, NULL);
    if (status == VF_NOMEM) return vf_fail_nomem(err);
  }
  vf_finding *f = tell_verdict(c, k, vf_estimate_tightest(c->estimate));
  for (size_t i = 0; f != NULL && i < l.n_ways; i++) f->ways[f->n_ways++] = l.ways[i];
  if (f != NULL && !vf_expects_fit(expect)) f->level = VF_LEVEL_NOTE;
  if (beyond_model(c->estimate))
    vf_checked_add(c, k, VF_RULE_BEYOND, "the context is beyond the model's own limit");
  vf_expect_all(c, k, expect, &l);
  return VF_OK;
}

/* ---- A training ------------------------------------------------------------------------- */

/* Ways as options, since they are words of a run. */
static void add_train_ways(vf_check *c, vf_finding *f, const vf_train_limits *l, const char *gpu) {
  for (size_t i = 0; i < l->n_ways; i++) {
    char text[256];
    vf_text t = vf_text_on(text, sizeof text);
    const vf_train_way *w = &l->ways[i];
    if (w->gpus != 0) vf_text_printf(&t, "--gpu %sx%" PRIu32, gpu, w->gpus);
    vf_train_words_text(&t, &w->request, &l->request);
    f->words[f->n_ways] = vf_check_keep(c, text);
    if (f->words[f->n_ways] != NULL) f->n_ways++;
  }
}

static vf_status tell_training(vf_check *c, vf_checked *k, const vf_setup *setup, const vf_train *t,
                               const vf_node *expect, vf_error *err) {
  vf_train_limits l;
  const vf_device_budget *b = &t->budget;
  k->judged = true;
  k->verdict = b->verdict;
  k->outcome = (vf_outcome){.known = true,
                            .verdict = b->verdict,
                            .engine = k->engine,
                            .need_bytes = b->need.bytes,
                            .need_high_bytes = b->need.high_bytes,
                            .capacity_bytes = b->capacity_bytes,
                            .headroom_bytes = b->headroom_bytes,
                            .target_bytes = b->headroom_target_bytes};
  vf_finding *f = tell_verdict(c, k, b);
  vf_status status = f != NULL ? vf_train_limits_solve(&l, setup, NULL) : VF_OK;
  if (status == VF_NOMEM) return vf_fail_nomem(err);
  if (f != NULL && status == VF_OK) add_train_ways(c, f, &l, b->device.id);
  if (f != NULL && !vf_expects_fit(expect)) f->level = VF_LEVEL_NOTE;
  return VF_OK;
}

/* ---- One candidate ---------------------------------------------------------------------- */

static vf_status tell_refusal(vf_check *c, vf_checked *k, vf_status status, const vf_error *cause,
                              bool opened, vf_error *err) {
  if (status == VF_NOMEM) return vf_fail_nomem(err);
  const char *source = cause->source[0] != '\0' ? cause->source : "";
  if (opened) {
    k->judged = true;
    k->verdict = VF_NO_FIT;
    k->outcome = (vf_outcome){.known = true, .refused = true, .verdict = VF_NO_FIT};
    vf_checked_add(c, k, VF_RULE_REFUSED, "%s", cause->message);
  } else {
    vf_finding *f = vf_checked_add(c, k, VF_RULE_MODEL_UNKNOWN, "%s%s%s", source,
                                   source[0] != '\0' ? ": " : "", cause->message);
    bool broken = status == VF_MALFORMED || status == VF_IO;
    if (f != NULL && broken) f->level = VF_LEVEL_ERROR; /* it is here, and is no model */
  }
  return VF_OK;
}

static vf_status judge_on(vf_check *c, vf_checked *k, const vf_deployment *d, const vf_node *expect,
                          vf_error *err) {
  vf_setup *setup = NULL;
  vf_error cause = {.status = VF_OK};
  vf_status status = vf_setup_open(&setup, c->ctx, d, &cause);
  bool opened = status == VF_OK;
  vf_train t;
  if (opened && d->training) {
    status = vf_setup_train(&t, setup, &cause);
    status = status == VF_OK ? tell_training(c, k, setup, &t, expect, err)
                             : tell_refusal(c, k, status, &cause, opened, err);
    vf_setup_free(setup);
    return status;
  }
  if (opened) status = vf_setup_settle(setup, c->scratch, &cause);
  if (opened && status == VF_OK) status = vf_setup_estimate(c->estimate, setup, &cause);
  status = status == VF_OK ? tell_estimate(c, k, setup, expect, err)
                           : tell_refusal(c, k, status, &cause, opened, err);
  vf_setup_free(setup);
  return status;
}

/* There are not so many devices as it takes: it does not start. */
static void tell_too_few(vf_checked *k) {
  k->judged = true;
  k->verdict = VF_NO_FIT;
  k->outcome = (vf_outcome){.known = true, .refused = true, .verdict = VF_NO_FIT};
}

/* Containers of one service run on the same GPUs: each finds what the others hold. */
static vf_status judge_copies(vf_check *c, vf_checked *k, const vf_deployment *d,
                              const vf_node *expect, vf_error *err) {
  vf_deployment beside = *d;
  uint64_t others;
  vf_checked *alone = vf_arena_alloc(c->arena, 1, sizeof *alone);
  if (alone == NULL) return vf_fail_nomem(err);
  *alone = *k;
  vf_status status = judge_on(c, k, d, expect, err);
  const vf_device_budget *b = vf_estimate_tightest(c->estimate);
  if (status != VF_OK || !k->judged || k->outcome.refused || k->verdict == VF_NO_FIT || b == NULL)
    return status;
  uint64_t held = b->need.high_bytes; /* a server with a pool takes all of its share */
  if (b->has_pool) held = vf_max_u64(held, b->capacity_bytes);
  if (!vf_mul(&others, held, k->gpus.copies - 1) ||
      !vf_add(&beside.used_bytes, beside.used_bytes, others))
    beside.used_bytes = UINT64_MAX / 2;
  *k = *alone;
  status = judge_on(c, k, &beside, expect, err);
  for (size_t i = 0; i < k->n_findings; i++) k->findings[i].n_ways = 0; /* they are of one alone */
  return status;
}

static vf_status judge_choice(vf_check *c, vf_checked *k, const vf_deployment *d,
                              vf_devices_choice choice, const vf_node *expect, vf_error *err) {
  if (choice == VF_DEVICES_NO_MEMORY) return vf_fail_nomem(err);
  if (choice == VF_DEVICES_REFUSED) tell_too_few(k);
  if (choice != VF_DEVICES_MADE) return VF_OK;
  return k->gpus.copies > 1 && !d->training ? judge_copies(c, k, d, expect, err)
                                            : judge_on(c, k, d, expect, err);
}

/* What cannot be judged is worse than all but what does not fit. */
static bool is_worse(const vf_checked *a, const vf_checked *b) {
  if (!a->judged) return b->judged && b->verdict != VF_NO_FIT;
  if (!b->judged) return a->verdict == VF_NO_FIT;
  return a->verdict > b->verdict ||
         (a->verdict == b->verdict && a->outcome.headroom_bytes < b->outcome.headroom_bytes);
}

/* Of any of several GPUs the worst is told. */
static vf_status judge_any(vf_check *c, vf_checked *k, const vf_deployment *stated,
                           const vf_node *expect, bool *found, vf_error *err) {
  bool any = false;
  vf_deployment copy, *d = &copy;
  *found = false;
  if (k->gpus.n_names == 0) return VF_OK;
  vf_checked *worst = vf_arena_alloc(c->arena, 2, sizeof *worst);
  if (worst == NULL) return vf_fail_nomem(err);
  vf_checked *one = worst + 1;
  for (size_t i = 0; i < k->gpus.n_names; i++) {
    *one = *k;
    *d = *stated;
    vf_devices_choice choice = vf_check_device(c, d, one, k->gpus.names[i]);
    if (choice == VF_DEVICES_UNKNOWN) continue;
    vf_status status = judge_choice(c, one, d, choice, expect, err);
    if (status != VF_OK) return status;
    if (!any || is_worse(one, worst)) *worst = *one;
    any = true;
  }
  if (any) *k = *worst;
  *found = any;
  return VF_OK;
}

static vf_status judge_known(vf_check *c, vf_checked *k, vf_deployment *d, const vf_found *found,
                             vf_error *err) {
  bool named = false;
  vf_status status = judge_any(c, k, d, found->expect, &named, err);
  if (status != VF_OK || named) return status;
  vf_devices_choice choice = vf_check_policy(c, d, k);
  if (choice != VF_DEVICES_UNKNOWN) return judge_choice(c, k, d, choice, found->expect, err);
  if (k->gpus.n_names > 0)
    vf_checked_add(c, k, VF_RULE_NOT_JUDGED,
                   "no GPU is known by the name '%.80s': --gpu says which", k->gpus.names[0]);
  else
    vf_checked_add(c, k, VF_RULE_NOT_JUDGED,
                   "it does not say which GPU it runs on: --gpu, or the manifest, says it");
  return VF_OK;
}

static bool model_is_unset(const vf_checked *k) {
  for (size_t i = 0; k->unset != NULL && k->unset[i] != NULL; i += 2)
    if (strcmp(k->unset[i], "model") == 0) return true;
  return false;
}

/* A model of a folder has to serve what the policy says. */
static void serve_policy(const vf_check *c, vf_deployment *d) {
  const vf_deployment *p = &c->policy;
  const char *model = d->model;
  vf_deployment own = *p;
  own.model = model;
  own.gpu = d->gpu;
  own.gpus = 0;
  own.elsewhere = false;
  *d = own;
}

vf_status vf_judge(vf_check *c, vf_checked *k, const vf_found *found, vf_error *err) {
  vf_deployment d;
  vf_error cause = {.status = VF_OK};
  vf_status status = keep_found(c, k, found, err);
  if (status == VF_OK && found->command != NULL) status = take_unset(c, k, found->command, err);
  if (status != VF_OK) return status;
  if (found->status != VF_OK)
    vf_checked_add(c, k, VF_RULE_INVALID, "%s%s%s", found->error.source,
                   found->error.source[0] != '\0' ? ": " : "", found->error.message);
  if (k->n_findings == 0 && k->model == NULL)
    vf_checked_add(c, k, VF_RULE_MODEL_UNKNOWN, "it states no model");
  else if (found->engine != NULL)
    vf_checked_add(c, k, VF_RULE_NOT_JUDGED, "%.60s is no engine that is known", k->engine);
  if (k->model != NULL && strlen(k->model) > LONGEST_MODEL)
    vf_checked_add(c, k, VF_RULE_MODEL_UNKNOWN, "a name of %zu bytes is no model's",
                   strlen(k->model));
  bool whole = k->n_findings == 0 && !model_is_unset(k);
  if (whole) status = vf_command_deployment(found->command, &d, &cause);
  if (whole && status != VF_OK) {
    if (status == VF_NOMEM) return vf_fail_nomem(err);
    vf_checked_add(c, k, VF_RULE_INVALID, "%s", cause.message);
    whole = false;
    status = VF_OK;
  }
  bool folder = found->command != NULL && strcmp(found->path, "model") == 0 &&
                found->engine == NULL && vf_command_engine(found->command) == NULL &&
                found->line == 1 && !found->gpus.stated;
  if (whole) {
    d.elsewhere = true;
    if (d.model == NULL) d.model = k->model;
    if (strncmp(d.model, "hf://", 5) == 0) d.model += 5;
    if (folder) serve_policy(c, &d);
    apply_policy(c, &d, k);
    status = judge_known(c, k, &d, found, err);
  }
  if (k->gpus.visible != NULL && !k->gpus.visible_told)
    vf_checked_add(c, k, VF_RULE_VARIABLE,
                   "which GPUs it sees is stated by '%.120s', whose value is not known",
                   k->gpus.visible);
  if (status == VF_OK) status = take_accounted(c, k, found, err);
  return status == VF_OK ? take_unread(c, k, found, err) : status;
}
