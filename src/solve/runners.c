/* runners.c - which models run on a device, and which devices carry a model.
 *
 * The whole catalog is asked, one estimate for what does not fit and a few for what does: the usual
 * format first, then wider ones where its weights leave room for them.  Experts go to main memory
 * where the size of that is known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/args.h"
#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"
#include "base/text.h"
#include "core/format.h"
#include "deploy/setup.h"
#include "solve/question.h"
#include "solve/runners.h"
#include "vramfit/solve.h"

static const char *const wider[] = {"Q8_0", "Q6_K", "Q5_K_M", NULL};

typedef struct search {
  vf_solver s;
  const vf_runners_query *q;
  vf_runners *out;
  vf_error why; /* the first refusal, of what nobody knows before others */
} search;

/* ---- One of them ------------------------------------------------------------------------ */

static vf_runner *new_runner(vf_runners *all) {
  if (all->count == all->room) {
    size_t room = all->room == 0 ? 64 : 2 * all->room;
    vf_runner *bigger = vf_arena_alloc(all->arena, room, sizeof *bigger);
    if (bigger == NULL) return NULL;
    if (all->count > 0) memcpy(bigger, all->list, all->count * sizeof *bigger);
    all->list = bigger;
    all->room = room;
  }
  return &all->list[all->count];
}

static bool is_refused(search *x, vf_status status, const vf_error *why) {
  if (!vf_is_refusal(status) && status != VF_UNKNOWN) return false;
  bool better = status == VF_UNKNOWN && x->why.status != VF_UNKNOWN;
  if (x->why.status == VF_OK || better) x->why = *why;
  return true;
}

/* What the engine refuses is not there; false: it does not run. */
static bool runs(search *x, const vf_deployment *d, vf_status *status, vf_error *err) {
  vf_error why = {VF_OK};
  *status = vf_asker_ask(&x->s.asker, d, &why);
  x->s.estimates += *status == VF_OK;
  if (*status == VF_OK) return vf_verdict_fits(vf_estimate_verdict(x->s.asker.e));
  if (is_refused(x, *status, &why))
    *status = VF_OK;
  else if (err != NULL)
    *err = why;
  return false;
}

/* How much a model is used, and since when. */
static vf_status tell_use(vf_runners *all, vf_runner *r, const vf_facts *f, vf_error *err) {
  const char *released = vf_facts_string(f, "released", NULL);
  const vf_fact *pulls = vf_facts_find(f, "ollama.pulls");
  r->popular = vf_facts_find(f, "ollama.tags") != NULL;
  if (pulls != NULL && pulls->type == VF_FACT_INT && pulls->as.integer > 0)
    r->pulls = (uint64_t)pulls->as.integer;
  if (released == NULL) return VF_OK;
  r->released = vf_arena_copy(all->arena, released, strlen(released));
  return r->released != NULL ? VF_OK : vf_fail_nomem(err);
}

/* f: of a model; NULL: of a device. */
static vf_status keep(search *x, const vf_deployment *d, const char *id, const char *name,
                      const vf_facts *f, vf_error *err) {
  vf_runner *r = new_runner(x->out);
  vf_model_info m;
  vf_outcome o;
  vf_speed speed;
  if (r == NULL) return vf_fail_nomem(err);
  vf_model_info_get(x->s.asker.model, &m);
  vf_asker_outcome(&x->s.asker, &o);
  vf_estimate_speed(x->s.asker.e, &speed);
  *r = (vf_runner){.params = m.n_params,
                   .active_params = m.n_active_params,
                   .max_ctx_tokens = m.max_ctx_tokens,
                   .capacity_bytes = o.capacity_bytes,
                   .weights_bytes = m.weights_bytes,
                   .need_bytes = o.need_bytes,
                   .need_high_bytes = o.need_high_bytes,
                   .verdict = o.verdict,
                   .cpu_moe_layers = d->request.cpu_moe_layers};
  r->id = vf_arena_copy(x->out->arena, id, strlen(id));
  r->name = vf_arena_copy(x->out->arena, name, strlen(name));
  if (r->id == NULL || r->name == NULL) return vf_fail_nomem(err);
  snprintf(r->quant, sizeof r->quant, "%s", m.quant);
  if (speed.decode_known) r->decode = speed.decode;
  r->popular = x->s.asker.now->list[0].common;
  vf_status status = f != NULL ? tell_use(x->out, r, f, err) : VF_OK;
  if (status == VF_OK) x->out->count++;
  return status;
}

static void say_ctx(vf_deployment *d, const vf_asker *a, bool said) {
  uint64_t limit = a->loaded.has_facts && a->model != NULL ? a->model->max_ctx_tokens : 0;
  if (!said) d->request.ctx_tokens = limit != 0 ? vf_min_u64(limit, VF_USUAL_CTX) : VF_USUAL_CTX;
}

/* Whether a format of twice the weights may fit: nothing else grows with it. */
static bool may_be_wider(const vf_estimate *e, uint64_t weights, uint64_t wider_weights) {
  const vf_device_budget *b = vf_estimate_tightest(e);
  return b == NULL || (int64_t)(wider_weights - weights) <= vf_budget_over(b);
}

/* The widest up to Q8_0, where no format is said; d is left with it, and estimated. */
static vf_status widen(search *x, vf_deployment *d, vf_error *err) {
  vf_status status = VF_OK;
  vf_asker *a = &x->s.asker;
  if (d->quant != NULL || !vf_engine_offloads(a->e->engine)) return VF_OK;
  if (strcmp(a->model->quant, "Q4_K_M") != 0) return VF_OK;
  uint64_t weights = vf_model_weights_bytes(a->model);
  vf_estimate *e = a->e;
  static const unsigned percent[] = {170, 134, 115}; /* of the weights in Q4_K_M, at least */
  bool moved = false;
  for (size_t i = 0; wider[i] != NULL && status == VF_OK; i++) {
    if (!moved && !may_be_wider(e, weights, weights / 100 * percent[i])) continue;
    vf_deployment w = *d;
    w.quant = wider[i];
    w.request.engine = a->e->engine->name;
    moved = true;
    if (!runs(x, &w, &status, err) || vf_estimate_verdict(a->e) != VF_FITS) continue;
    *d = w;
    return status;
  }
  if (status == VF_OK && moved) (void)runs(x, d, &status, err);
  return status;
}

/* Experts in main memory, where there is a known amount of it. */
static bool runs_with_experts_aside(search *x, vf_deployment *d, vf_status *status, vf_error *err) {
  vf_asker *a = &x->s.asker;
  vf_answer answer;
  if (*status != VF_OK || a->model == NULL || a->e->n_devices == 0) return false;
  const vf_device *first = &a->now->list[0];
  bool known = d->request.host_memory_bytes != 0 || first->host_memory_bytes != 0 ||
               first->kind == VF_DEVICE_UNIFIED;
  if (!known || !vf_device_has_main_memory(first) || !vf_engine_offloads(a->e->engine))
    return false;
  vf_question q = {.kind = VF_MOST_N_CPU_MOE, .d = *d, .engine = a->e->engine};
  vf_error why;
  if (vf_question_solve(&answer, &x->s, &q, &why) != VF_OK || !answer.found) return false;
  d->request.cpu_moe_layers = (uint32_t)answer.best.number;
  return runs(x, d, status, err);
}

/* What the question is about, from what was prepared first. */
static void tell_named(search *x, const char *model) {
  const vf_asker *a = &x->s.asker;
  const vf_device *list = a->now->list;
  uint64_t capacity = 0;
  bool alike = true;
  char name[160];
  vf_text t = vf_text_on(name, sizeof name);
  for (size_t i = 0; i < a->now->count; i++) {
    capacity += vf_device_capacity(&list[i]);
    alike = alike && strcmp(list[i].id, list[0].id) == 0;
  }
  vf_text_put(&t, model != NULL ? model : list[0].name);
  if (model == NULL && alike && a->now->count > 1) vf_text_printf(&t, " × %zu", a->now->count);
  for (size_t i = 1; model == NULL && !alike && i < a->now->count; i++)
    vf_text_printf(&t, " + %s", list[i].name);
  x->out->named = vf_arena_copy(x->out->arena, name, strlen(name));
  x->out->capacity_bytes = capacity;
  x->out->ctx_tokens = x->q->base.request.ctx_tokens;
  x->out->seqs = x->q->base.request.seqs;
  x->out->engine = x->q->base.request.engine;
}

/* ---- Models ----------------------------------------------------------------------------- */

static bool is_of_family(const char *wanted, const char *file) {
  const char *slash = strrchr(file, '/'), *name = slash != NULL ? slash + 1 : file;
  char family[64];
  if (wanted == NULL) return true;
  snprintf(family, sizeof family, "%.*s", (int)strcspn(name, "."), name);
  return vf_name_equal(wanted, family);
}

static bool has_size(const vf_runners_query *q, const vf_model *m) {
  return m->n_params >= q->least_params && (q->most_params == 0 || m->n_params <= q->most_params);
}

static vf_status look_at_model(search *x, const vf_catalog_entry *e, vf_error *err) {
  vf_deployment d = x->q->base;
  vf_asker *a = &x->s.asker;
  vf_status status;
  vf_error ignored;
  if (!is_of_family(x->q->family, e->file)) return VF_OK;
  d.model = e->id;
  status = vf_asker_prepare(a, &d, &ignored);
  if (is_refused(x, status, &ignored)) return VF_OK;
  if (status != VF_OK) {
    if (err != NULL) *err = ignored;
    return status;
  }
  if (!has_size(x->q, a->model)) return VF_OK;
  say_ctx(&d, a, d.request.ctx_tokens != 0);
  x->out->looked_at++;
  if (x->out->named == NULL) tell_named(x, NULL);
  bool yes = runs(x, &d, &status, err);
  if (yes) status = widen(x, &d, err);
  if (!yes) yes = runs_with_experts_aside(x, &d, &status, err);
  if (status != VF_OK || !yes) return status;
  return keep(x, &d, e->id, e->id, &a->loaded.facts, err);
}

/* ---- Devices ---------------------------------------------------------------------------- */

static bool is_of_vendor(const char *wanted, const vf_catalog_entry *e) {
  char key[64];
  if (wanted == NULL) return true;
  snprintf(key, sizeof key, "\"vendor\":\"%.30s\"", wanted);
  return strstr(e->json, key) != NULL;
}

static vf_status look_at_device(search *x, const vf_catalog_entry *e, vf_error *err) {
  vf_deployment d = x->q->base;
  vf_asker *a = &x->s.asker;
  vf_status status;
  vf_error ignored;
  if (!is_of_vendor(x->q->vendor, e)) return VF_OK;
  d.gpu = e->id;
  status = vf_asker_prepare(a, &d, &ignored);
  if (status == VF_OK && !a->now->list[0].total_known) return VF_OK;
  if (status != VF_OK) {
    if (err != NULL) *err = ignored;
    return status;
  }
  if (a->now->list[0].kind == VF_DEVICE_HOST) return VF_OK;
  say_ctx(&d, a, d.request.ctx_tokens != 0);
  x->out->looked_at++;
  if (x->out->named == NULL) tell_named(x, a->model->id);
  bool yes = runs(x, &d, &status, err);
  if (yes) status = widen(x, &d, err);
  if (status != VF_OK || !yes) return status;
  return keep(x, &d, e->id, a->now->list[0].name, NULL, err);
}

/* ---- All of them ------------------------------------------------------------------------ */

static int by_params(const void *a, const void *b) {
  const vf_runner *x = a, *y = b;
  if (x->params != y->params) return x->params < y->params ? 1 : -1;
  return strcmp(x->id, y->id);
}

/* "2026-04-02" and "2026-04" are one month; nothing known is the oldest. */
static int by_month(const char *a, const char *b) {
  enum { MONTH = 7 };
  return strncmp(b != NULL ? b : "", a != NULL ? a : "", MONTH);
}

static int by_use(const void *a, const void *b) {
  const vf_runner *x = a, *y = b;
  int newer = by_month(x->released, y->released);
  if (newer != 0) return newer;
  if (x->pulls != y->pulls) return x->pulls < y->pulls ? 1 : -1;
  return by_params(a, b);
}

static int by_capacity(const void *a, const void *b) {
  const vf_runner *x = a, *y = b;
  if (x->capacity_bytes != y->capacity_bytes) return x->capacity_bytes < y->capacity_bytes ? -1 : 1;
  if (x->decode.expected != y->decode.expected)
    return x->decode.expected < y->decode.expected ? 1 : -1;
  return strcmp(x->id, y->id);
}

/* A device that there is not runs nothing, which is no answer. */
static vf_status check_devices(const search *x, const vf_context *ctx, vf_error *err) {
  size_t n = 0;
  if (x->q->base.gpu == NULL) return VF_OK;
  vf_device *devices = vf_arena_alloc_raw(x->out->arena, VF_MAX_DEVICES, sizeof *devices);
  if (devices == NULL) return vf_fail_nomem(err);
  vf_status status = vf_deployment_devices(devices, &n, ctx, &x->q->base, err);
  if (status != VF_OK) return status;
  bool host = devices[0].kind == VF_DEVICE_HOST && !devices[0].total_known;
  if (host && x->q->base.request.host_memory_bytes == 0)
    return vf_fail(err, VF_USAGE, "%s: its memory is not known: say --memory or --host-memory SIZE",
                   devices[0].id);
  return VF_OK;
}

/* Nothing was estimated: what was asked for is nowhere. */
static vf_status tell_why_none(const search *x, vf_error *err) {
  if (x->why.status != VF_OK) {
    if (err != NULL) *err = x->why;
    return x->why.status;
  }
  if (x->q->family != NULL)
    return vf_fail(err, VF_UNKNOWN, "no model of the family '%.60s' is known", x->q->family);
  if (x->q->vendor != NULL)
    return vf_fail(err, VF_UNKNOWN, "no device of '%.60s' is known", x->q->vendor);
  return VF_OK;
}

static vf_status look_at_all(search *x, const vf_context *ctx, bool models, vf_error *err) {
  vf_catalog_walk walk = {0};
  vf_catalog_entry e;
  vf_status status = VF_OK;
  int kind = models ? VF_CATALOG_MODELS : VF_CATALOG_GPUS;
  while (status == VF_OK && vf_catalog_next(&e, &walk, ctx, kind))
    status = models ? look_at_model(x, &e, err) : look_at_device(x, &e, err);
  if (status == VF_OK && x->s.estimates == 0) status = tell_why_none(x, err);
  int (*of_models)(const void *, const void *) = x->q->newest_first ? by_use : by_params;
  if (status == VF_OK && x->out->count > 1)
    qsort(x->out->list, x->out->count, sizeof *x->out->list, models ? of_models : by_capacity);
  return status;
}

static vf_status check(const vf_runners_query *q, vf_error *err) {
  vf_status status = vf_check_struct(sizeof *q, q, "vf_runners_query", err);
  if (status == VF_OK) status = vf_deployment_check(&q->base, err);
  if (status != VF_OK) return status;
  if ((q->base.model == NULL) == (q->base.gpu == NULL))
    return vf_fail(err, VF_USAGE,
                   "a device is to be named, or a model: the other one is asked for");
  return VF_OK;
}

vf_status vf_runners_find(vf_runners **out, const vf_context *ctx, const vf_runners_query *query,
                          vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, ctx);
  VF_NEED(err, query);
  vf_status status = check(query, err);
  if (status != VF_OK) return status;
  vf_arena *arena = vf_arena_new(&ctx->allocator, (size_t)16 << 20);
  vf_runners *all = arena != NULL ? vf_arena_alloc(arena, 1, sizeof *all) : NULL;
  if (all == NULL) {
    if (arena != NULL) vf_arena_free(arena);
    return vf_fail_nomem(err);
  }
  *all = (vf_runners){.arena = arena, .models = query->base.model == NULL};
  search x = {.q = query, .out = all};
  status = vf_asker_init(&x.s.asker, ctx, err);
  x.s.arena = x.s.asker.arena;
  if (status == VF_OK) status = check_devices(&x, ctx, err);
  if (status == VF_OK) status = look_at_all(&x, ctx, all->models, err);
  vf_asker_free(&x.s.asker);
  if (status == VF_OK)
    *out = all;
  else
    vf_runners_free(all);
  return status;
}

void vf_runners_free(vf_runners *runners) {
  if (runners != NULL) vf_arena_free(runners->arena);
}

const vf_runner *vf_runners_list(const vf_runners *runners, size_t *count) {
  if (count != NULL) *count = runners != NULL ? runners->count : 0;
  return runners != NULL ? runners->list : NULL;
}

size_t vf_runners_looked_at(const vf_runners *runners) {
  return runners != NULL ? runners->looked_at : 0;
}
