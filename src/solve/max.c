/* max.c - the most that fits, exactly: by the forward estimate alone, asked again and again.
 *
 * Every answer has been estimated and fits, and the step beyond it has been estimated and does not.
 * Formats, devices, layers and numbers of devices are tried one after the other from the best on;
 * contexts and sequences are bisected, and then what lies close beyond is looked at as well,
 * because memory does not grow with every step of theirs (core/solve.h). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"
#include "core/format.h"
#include "deploy/asker.h"
#include "engines/engine.h"
#include "solve/largest.h"
#include "solve/values.h"
#include "vramfit/solve.h"

enum { TRY_ALL = 256, MOST_GPUS = 64, MOST_CTX_UNKNOWN = 1 << 20 };

typedef struct search {
  vf_asker asker;
  vf_arena *arena;
  const vf_max_query *query;
  const vf_engine *engine;
  size_t estimates;
} search;

/* A deployment with everything chosen but what is asked for. */
typedef struct trial {
  search *s;
  vf_deployment d;
} trial;

/* ---- One estimate ----------------------------------------------------------------------- */

/* A refusal is a no, and no failure. */
static vf_status look(trial *t, vf_choice *c, bool *fits, vf_error *err) {
  vf_error why = {VF_OK};
  vf_status status = vf_asker_ask(&t->s->asker, &t->d, &why);
  t->s->estimates++;
  c->refusal[0] = '\0';
  *fits = false;
  if (status == VF_OK) {
    vf_asker_outcome(&t->s->asker, &c->outcome);
    *fits = c->outcome.verdict == VF_FITS;
    return VF_OK;
  }
  if (!vf_is_refusal(status)) {
    if (err != NULL) *err = why;
    return status;
  }
  c->outcome = (vf_outcome){.known = true, .refused = true, .verdict = VF_NO_FIT};
  snprintf(c->refusal, sizeof c->refusal, "%s", why.message);
  return VF_OK;
}

static void put_number(vf_deployment *d, vf_max_kind kind, uint64_t n) {
  switch (kind) {
  case VF_MOST_CTX: d->request.ctx_tokens = n; break;
  case VF_MOST_SEQS: d->request.seqs = (uint32_t)n; break;
  case VF_MOST_NGL: d->request.gpu_layers = (int32_t)n; break;
  case VF_MOST_N_CPU_MOE: d->request.cpu_moe_layers = (uint32_t)n; break;
  case VF_MOST_GPUS: d->gpus = (uint32_t)n; break;
  case VF_MOST_QUANT:
  case VF_MOST_KV:
  case VF_MOST_GPU:
  case VF_MOST_COUNT: break;
  }
}

static vf_status look_at_number(trial *t, uint64_t n, vf_choice *c, bool *fits, vf_error *err) {
  *c = (vf_choice){.number = n};
  put_number(&t->d, t->s->query->kind, n);
  return look(t, c, fits, err);
}

/* ---- Contexts --------------------------------------------------------------------------- */

static vf_status fits_with(void *user, uint64_t n, bool *yes, vf_error *err) {
  vf_choice c;
  return look_at_number(user, n, &c, yes, err);
}

/* What the engine makes of a context of one token: it rounds up to that. */
static vf_status find_step(trial *t, uint64_t *step, vf_error *err) {
  bool fits;
  vf_choice c;
  vf_status status = look_at_number(t, 1, &c, &fits, err);
  *step = 1;
  if (status == VF_OK && !c.outcome.refused)
    *step = vf_max_u64(vf_estimate_workload(t->s->asker.e)->ctx_tokens, 1);
  return status;
}

/* The answer, and the step beyond it; the first step where nothing fits. */
static vf_status tell_largest(vf_answer *a, trial *t, uint64_t good, uint64_t step, uint64_t most,
                              vf_error *err) {
  bool fits;
  uint64_t beyond = good == 0 ? vf_min_u64(step, most) : vf_min_u64(good + step, most);
  vf_status status = VF_OK;
  a->found = good != 0;
  a->has_next = good < most;
  if (a->has_next) status = look_at_number(t, beyond, &a->next, &fits, err);
  if (status == VF_OK && a->found) status = look_at_number(t, good, &a->best, &fits, err);
  return status;
}

static vf_status solve_ctx(vf_answer *a, trial *t, vf_error *err) {
  uint64_t good = 0, most = t->s->asker.model->max_ctx_tokens;
  vf_status status = find_step(t, &a->step, err);
  a->end = most != 0 ? "the model's limit" : "as far as is looked: the model states no limit";
  if (most == 0) most = MOST_CTX_UNKNOWN;
  if (status == VF_OK) status = vf_solve_largest_near(&good, a->step, most, fits_with, t, err);
  return status == VF_OK ? tell_largest(a, t, good, a->step, most, err) : status;
}

/* ---- Sequences and layers --------------------------------------------------------------- */

/* From the best number on: the first that fits. */
static vf_status first_number(vf_answer *a, trial *t, uint64_t from, uint64_t to, vf_error *err) {
  for (uint64_t n = from;; n += from < to ? 1 : UINT64_MAX) {
    vf_choice c;
    bool fits;
    vf_status status = look_at_number(t, n, &c, &fits, err);
    if (status != VF_OK) return status;
    if (fits) {
      a->found = true;
      a->best = c;
      return VF_OK;
    }
    a->has_next = true;
    a->next = c;
    if (n == to) return VF_OK;
  }
}

/* llama.cpp rounds its batch up to a whole number of tokens for each sequence: where they share one
 * cache, or have none, one sequence more may need less.  It takes few, so all are tried. */
static vf_status solve_seqs(vf_answer *a, trial *t, vf_error *err) {
  uint64_t good = 0, most = t->s->engine->max_seqs;
  a->end = "the engine's limit";
  if (most <= TRY_ALL) return first_number(a, t, most, 1, err);
  vf_status status = vf_solve_largest_near(&good, 1, most, fits_with, t, err);
  return status == VF_OK ? tell_largest(a, t, good, 1, most, err) : status;
}

static vf_status check_layers(const trial *t, vf_error *err) {
  if (t->s->engine != &vf_engine_llamacpp)
    return vf_fail(err, VF_USAGE, "%s keeps no layers in main memory: llama.cpp does",
                   t->s->engine->name);
  if (t->s->asker.now->list[0].kind != VF_DEVICE_DISCRETE)
    return vf_fail(err, VF_USAGE, "%s has one memory for all: layers elsewhere free nothing",
                   t->s->asker.now->list[0].name);
  return VF_OK;
}

static vf_status solve_ngl(vf_answer *a, trial *t, vf_error *err) {
  vf_status status = check_layers(t, err);
  a->end = "all of them, with the output";
  if (status != VF_OK) return status;
  return first_number(a, t, t->s->asker.model->n_layers + 1, 0, err);
}

static vf_status solve_cpu_moe(vf_answer *a, trial *t, vf_error *err) {
  const vf_model *m = t->s->asker.model;
  bool experts = false;
  vf_status status = check_layers(t, err);
  for (uint32_t i = 0; i < m->n_layers; i++) experts |= m->layers[i].n_experts != 0;
  a->end = "none has to";
  if (status == VF_OK && !experts) status = vf_fail(err, VF_USAGE, "%s has no experts", m->id);
  return status == VF_OK ? first_number(a, t, 0, m->n_layers, err) : status;
}

/* ---- Formats and devices ---------------------------------------------------------------- */

typedef struct candidate {
  const char *name;
  uint64_t first, second; /* what they are ordered by, smaller first */
} candidate;

typedef struct candidates {
  candidate *list;
  size_t count;
} candidates;

static void sort(candidates *c) {
  for (size_t i = 1; i < c->count; i++) {
    candidate x = c->list[i];
    size_t j = i;
    for (; j > 0; j--) {
      const candidate *y = &c->list[j - 1];
      if (y->first < x.first || (y->first == x.first && y->second <= x.second)) break;
      c->list[j] = *y;
    }
    c->list[j] = x;
  }
}

/* What a candidate is ordered by; false: it is none. */
static bool rank(candidate *c, search *s, const vf_deployment *base, vf_axis_kind kind,
                 vf_status *status, vf_error *err) {
  vf_deployment d = *base;
  vf_error why;
  *status = vf_deployment_set_axis(&d, kind, c->name, err);
  if (*status != VF_OK) return false;
  if (kind == VF_AXIS_KV) {
    const vf_format_info *f = vf_format_get(d.request.kv_k);
    c->first = f == NULL ? 0 : UINT64_MAX - (uint64_t)f->block_bytes * 4096 / f->block_elements;
    return true;
  }
  if (kind == VF_AXIS_QUANT) d.gpu = "cpu", d.gpus = 0;
  *status = vf_asker_prepare(&s->asker, &d, &why);
  bool refused = *status == VF_UNSUPPORTED && kind == VF_AXIS_QUANT;
  if (*status != VF_OK && !refused && err != NULL) *err = why;
  if (refused) *status = VF_OK;
  if (refused || *status != VF_OK) return false;
  if (kind == VF_AXIS_QUANT) {
    c->first = UINT64_MAX - vf_model_weights_bytes(s->asker.model);
    return true;
  }
  const vf_device *device = &s->asker.now->list[0];
  c->first = device->total_bytes * s->asker.now->count;
  c->second = device->bandwidth_mb_per_s;
  return device->total_known && device->kind != VF_DEVICE_HOST;
}

/* The list of an axis, the best first: widest formats, cheapest devices. */
static vf_status rank_all(candidates *out, search *s, const vf_deployment *base, vf_axis_kind kind,
                          vf_error *err) {
  const char *list = s->query->lists[kind];
  vf_values values;
  vf_axis axis = {kind, list != NULL ? list : "any"};
  vf_status status = vf_values_of(&values, &s->asker, base, axis, s->arena, err);
  if (status != VF_OK) return status;
  out->list = vf_arena_alloc(s->arena, values.count, sizeof *out->list);
  out->count = 0;
  if (out->list == NULL) return vf_fail_nomem(err);
  for (size_t i = 0; status == VF_OK && i < values.count; i++) {
    candidate c = {values.texts[i], 0, 0};
    if (rank(&c, s, base, kind, &status, err)) out->list[out->count++] = c;
  }
  sort(out);
  return status;
}

static vf_status solve_name(vf_answer *a, trial *t, vf_axis_kind kind, vf_error *err) {
  candidates all;
  vf_deployment d = t->d;
  if (kind == VF_AXIS_GPU) d.gpu = "cpu";
  vf_status status = rank_all(&all, t->s, &d, kind, err);
  for (size_t i = 0; status == VF_OK && !a->found && i < all.count; i++) {
    vf_choice c = {.place = i};
    bool fits = false;
    status = vf_deployment_set_axis(&t->d, kind, all.list[i].name, err);
    if (status == VF_OK) status = look(t, &c, &fits, err);
    snprintf(c.name, sizeof c.name, "%s", all.list[i].name);
    if (kind == VF_AXIS_QUANT && t->s->asker.model != NULL &&
        vf_name_equal(t->s->asker.model->quant, c.name)) /* the same, as it is usually written */
      snprintf(c.name, sizeof c.name, "%s", t->s->asker.model->quant);
    if (kind == VF_AXIS_GPU) c.number = all.list[i].first;
    a->has_next |= !fits;
    a->found = fits;
    *(fits ? &a->best : &a->next) = c;
  }
  if (status == VF_OK && all.count == 0)
    status = vf_fail(err, VF_USAGE, "there is nothing to choose from");
  return status;
}

/* ---- Numbers of devices ----------------------------------------------------------------- */

/* The best split of n devices: as many ranks to a layer as the engine takes. */
static vf_status look_at_splits(trial *t, uint32_t n, vf_choice *out, bool *fits, vf_error *err) {
  const vf_request *wanted = &t->s->query->base.request;
  uint32_t dp = vf_max_u32(wanted->dp, 1);
  bool any = false;
  *out = (vf_choice){.number = n};
  if (!t->s->engine->pools) return look_at_number(t, n, out, fits, err);
  for (uint32_t tp = n / dp; tp > 0; tp--) {
    vf_choice c;
    uint32_t pp = n / dp / tp;
    if (n % dp != 0 || n / dp % tp != 0) continue;
    if ((wanted->tp != 0 && wanted->tp != tp) || (wanted->pp != 0 && wanted->pp != pp)) continue;
    t->d.request.tp = tp;
    t->d.request.pp = pp;
    vf_status status = look_at_number(t, n, &c, fits, err);
    if (status != VF_OK) return status;
    c.tp = tp;
    c.pp = pp;
    bool better = !c.outcome.refused &&
                  (out->outcome.refused || c.outcome.headroom_bytes > out->outcome.headroom_bytes);
    if (!any || *fits || better) *out = c;
    any = true;
    if (*fits) return VF_OK;
  }
  *fits = false;
  if (any) return VF_OK;
  out->outcome = (vf_outcome){.known = true, .refused = true, .verdict = VF_NO_FIT};
  snprintf(out->refusal, sizeof out->refusal, "the ranks that are asked for do not divide it");
  return VF_OK;
}

/* As --gpu takes it. */
static void name_devices(vf_choice *c, const char *gpu) {
  snprintf(c->name, sizeof c->name, c->number == 1 ? "%s" : "%sx%" PRIu64, gpu, c->number);
}

static vf_status solve_gpus(vf_answer *a, trial *t, vf_error *err) {
  bool fits = false;
  vf_status status = VF_OK;
  t->d.request.tensor_split_count = 0;
  a->end = "one is enough";
  if (t->s->asker.now->count != 1)
    return vf_fail(err, VF_USAGE, "'%s' is several devices already: name one", t->d.gpu);
  for (uint32_t n = 1; status == VF_OK && !fits && n <= MOST_GPUS; n++) {
    vf_choice c;
    status = look_at_splits(t, n, &c, &fits, err);
    a->has_next |= !fits;
    *(fits ? &a->best : &a->next) = c;
  }
  a->found = fits;
  t->d.gpus = (uint32_t)a->best.number;
  name_devices(&a->best, t->d.gpu);
  name_devices(&a->next, t->d.gpu);
  return status;
}

/* ---- One combination -------------------------------------------------------------------- */

static vf_status solve_trial(vf_answer *a, trial *t, vf_error *err) {
  switch (t->s->query->kind) {
  case VF_MOST_CTX: return solve_ctx(a, t, err);
  case VF_MOST_SEQS: return solve_seqs(a, t, err);
  case VF_MOST_QUANT: return solve_name(a, t, VF_AXIS_QUANT, err);
  case VF_MOST_KV: return solve_name(a, t, VF_AXIS_KV, err);
  case VF_MOST_GPUS: return solve_gpus(a, t, err);
  case VF_MOST_NGL: return solve_ngl(a, t, err);
  case VF_MOST_N_CPU_MOE: return solve_cpu_moe(a, t, err);
  case VF_MOST_GPU: return solve_name(a, t, VF_AXIS_GPU, err);
  case VF_MOST_COUNT: break;
  }
  return vf_fail(err, VF_USAGE, "no such question");
}

/* An answer below what was said to be the least is none; that least is what fails then. */
static vf_status apply_floor(vf_answer *a, trial *t, vf_error *err) {
  const vf_max_query *q = t->s->query;
  bool fits;
  uint64_t floor = q->kind == VF_MOST_CTX    ? q->min_ctx_tokens
                   : q->kind == VF_MOST_SEQS ? q->min_seqs
                                             : 0;
  if (!a->found || a->best.number >= floor) return VF_OK;
  a->found = false;
  a->has_next = true;
  return look_at_number(t, floor, &a->next, &fits, err);
}

/* What the answer is about; the last estimate is that of the answer, or of the last resort. */
static void describe(vf_answer *a, const trial *t) {
  const vf_asker *asker = &t->s->asker;
  const vf_workload *w = vf_estimate_workload(asker->e);
  const vf_format_info *kv = vf_format_get(w->kv_k);
  if (asker->model != NULL) {
    snprintf(a->model, sizeof a->model, "%s", asker->model->id);
    snprintf(a->quant, sizeof a->quant, "%s", asker->model->quant);
  }
  if (asker->now != NULL) {
    snprintf(a->gpu, sizeof a->gpu, "%s", asker->now->list[0].name);
    a->gpus = (uint32_t)asker->now->count;
  }
  snprintf(a->kv, sizeof a->kv, "%s", kv != NULL ? kv->name : "");
  snprintf(a->engine, sizeof a->engine, "%s", w->engine != NULL ? w->engine : "");
  a->ctx_tokens = w->requested_ctx_tokens;
  a->seqs = w->seqs;
}

static vf_status try_one(vf_answer *out, trial *t, vf_error *err) {
  vf_answer a = {.kind = t->s->query->kind};
  vf_deployment ready = t->d;
  const char *version;
  vf_error why;
  if (a.kind == VF_MOST_QUANT) ready.quant = NULL;
  if (a.kind == VF_MOST_GPU) ready.gpu = "cpu";
  vf_status status = vf_asker_prepare(&t->s->asker, &ready, &why);
  if (status != VF_OK && a.kind != VF_MOST_QUANT) {
    if (err != NULL) *err = why;
    return status;
  }
  status = VF_OK;
  if (a.kind != VF_MOST_QUANT)
    status = vf_engine_for(&t->s->engine, &version, t->d.request.engine, t->s->asker.model, err);
  if (status == VF_OK) status = solve_trial(&a, t, err);
  if (status == VF_OK) status = apply_floor(&a, t, err);
  if (status != VF_OK) return status;
  describe(&a, t);
  *out = a;
  return VF_OK;
}

/* ---- All combinations ------------------------------------------------------------------- */

static bool has_floor(const vf_max_query *q) {
  return (q->kind == VF_MOST_CTX && q->min_ctx_tokens != 0) ||
         (q->kind == VF_MOST_SEQS && q->min_seqs != 0);
}

/* Where neither is an answer: the one that came nearer. */
static bool is_nearer(const vf_answer *a, const vf_answer *b) {
  const vf_outcome *x = &a->next.outcome, *y = &b->next.outcome;
  return !x->refused && (y->refused || x->headroom_bytes > y->headroom_bytes);
}

static bool is_better(const vf_answer *a, const vf_answer *b) {
  if (!a->found && !b->found) return is_nearer(a, b);
  if (!a->found || !b->found) return a->found;
  switch (a->kind) {
  case VF_MOST_CTX:
  case VF_MOST_SEQS:
  case VF_MOST_NGL: return a->best.number > b->best.number;
  case VF_MOST_GPUS:
  case VF_MOST_GPU:
  case VF_MOST_N_CPU_MOE: return a->best.number < b->best.number;
  case VF_MOST_QUANT:
  case VF_MOST_KV: return a->best.place < b->best.place;
  case VF_MOST_COUNT: break;
  }
  return false;
}

static bool is_free(const vf_max_query *q, vf_axis_kind kind) {
  static const vf_max_kind asked[VF_AXIS_COUNT] = {
      [VF_AXIS_QUANT] = VF_MOST_QUANT, [VF_AXIS_KV] = VF_MOST_KV, [VF_AXIS_GPU] = VF_MOST_GPU};
  return q->lists[kind] != NULL && q->kind != asked[kind];
}

static vf_status rank_free(candidates *out, search *s, vf_axis_kind kind, vf_error *err) {
  vf_deployment d = s->query->base;
  static candidate nothing;
  *out = (candidates){&nothing, 1};
  if (!is_free(s->query, kind)) return VF_OK;
  if (d.gpu == NULL) d.gpu = "cpu";
  return rank_all(out, s, &d, kind, err);
}

/* Formats before cache formats before devices: the first combination that is good enough, where it
 * was said what is enough; else the best of all. */
static vf_status try_all(vf_answer *out, search *s, vf_error *err) {
  static const vf_axis_kind kinds[] = {VF_AXIS_QUANT, VF_AXIS_KV, VF_AXIS_GPU};
  candidates lists[3];
  vf_status status = VF_OK;
  bool first = true;
  for (int k = 0; k < 3 && status == VF_OK; k++) status = rank_free(&lists[k], s, kinds[k], err);
  if (status != VF_OK) return status;
  size_t n = lists[0].count * lists[1].count * lists[2].count;
  for (size_t i = 0; i < n; i++) {
    trial t = {s, s->query->base};
    vf_answer a;
    size_t rest = i;
    for (int k = 2; k >= 0 && status == VF_OK; k--) {
      const char *name = lists[k].list[rest % lists[k].count].name;
      rest /= lists[k].count;
      if (name != NULL) status = vf_deployment_set_axis(&t.d, kinds[k], name, err);
    }
    if (status == VF_OK) status = try_one(&a, &t, err);
    if (status != VF_OK) return status;
    if (first || is_better(&a, out)) *out = a;
    first = false;
    if (out->found && has_floor(s->query)) break;
  }
  return VF_OK;
}

/* The floors of what is not asked for are part of the deployment. */
static void take_floors(vf_max_query *q) {
  vf_request *r = &q->base.request;
  if (q->kind != VF_MOST_CTX && q->min_ctx_tokens > r->ctx_tokens)
    r->ctx_tokens = q->min_ctx_tokens;
  if (q->kind != VF_MOST_SEQS && q->min_seqs > r->seqs) r->seqs = q->min_seqs;
  if (q->kind == VF_MOST_GPUS) q->base.gpus = 0;
}

/* The engine of the model as it is; where formats vary, each has its own, as anywhere else. */
static vf_status pin_engine(search *s, vf_max_query *q, vf_error *err) {
  vf_deployment d = q->base;
  const char *version;
  vf_error why;
  bool formats_vary = q->kind == VF_MOST_QUANT || q->lists[VF_AXIS_QUANT] != NULL;
  if (formats_vary) return vf_deployment_engine(&s->engine, &q->base, err);
  d.gpu = "cpu";
  d.gpus = 0;
  vf_status status = vf_asker_prepare(&s->asker, &d, &why);
  if (status == VF_UNKNOWN || status == VF_NOMEM || status == VF_IO || status == VF_MALFORMED) {
    if (err != NULL) *err = why;
    return status;
  }
  if (status != VF_OK) return vf_deployment_engine(&s->engine, &q->base, err);
  status = vf_engine_for(&s->engine, &version, q->base.request.engine, s->asker.model, err);
  if (status == VF_OK && q->base.request.engine == NULL) q->base.request.engine = s->engine->name;
  return status;
}

vf_status vf_max_solve(vf_answer *out, const vf_context *ctx, const vf_max_query *query,
                       vf_error *err) {
  vf_max_query q = *query;
  search s = {.query = &q};
  vf_answer answer = {.kind = query->kind};
  take_floors(&q);
  s.arena = vf_arena_new(&ctx->allocator, (size_t)16 << 20);
  if (s.arena == NULL) return vf_fail_nomem(err);
  vf_status status = vf_asker_init(&s.asker, ctx, err);
  s.asker.with_tensors = q.base.quant == NULL && q.lists[VF_AXIS_QUANT] == NULL;
  if (status == VF_OK) status = pin_engine(&s, &q, err);
  if (status == VF_OK) status = try_all(&answer, &s, err);
  answer.estimates = s.estimates;
  if (status == VF_OK) *out = answer;
  vf_asker_free(&s.asker);
  vf_arena_free(s.arena);
  return status;
}
