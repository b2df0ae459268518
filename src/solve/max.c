/* max.c - one question over all that is left free: formats, caches, devices. */
#include <string.h>

#include "base/args.h"
#include "base/checked.h"
#include "base/status.h"
#include "solve/question.h"
#include "solve/training.h"
#include "vramfit/solve.h"

/* One combination of what is free is a trial of it. */
typedef struct search {
  vf_solver solver;
  vf_max_query query;
  const vf_engine *engine; /* pinned; NULL: each format has its own */
  bool ctx_usual;
} search;

/* ---- One combination -------------------------------------------------------------------- */

/* An answer below what was said to be the least is none; that least is what fails then. */
static vf_status apply_floor(vf_answer *a, search *s, const vf_question *q, vf_error *err) {
  vf_sample ignored;
  uint64_t floor = q->kind == VF_MOST_CTX    ? s->query.min_ctx_tokens
                   : q->kind == VF_MOST_SEQS ? s->query.min_seqs
                                             : 0;
  if (!a->found || a->best.number >= floor) return VF_OK;
  a->found = false;
  a->has_next = true;
  return vf_question_look(&a->next, &ignored, &s->solver, q, floor, err);
}

static vf_axis_kind axis_of(vf_max_kind kind) {
  if (kind == VF_MOST_KV) return VF_AXIS_KV;
  return kind == VF_MOST_GPU ? VF_AXIS_GPU : VF_AXIS_QUANT;
}

static vf_status find_engine(const vf_engine **out, search *s, const vf_deployment *d,
                             vf_error *err) {
  const char *version;
  vf_deployment ready = *d;
  *out = s->engine;
  if (s->engine != NULL) return VF_OK;
  if (s->query.kind == VF_MOST_QUANT) return vf_deployment_engine(out, d, err);
  if (s->query.kind == VF_MOST_GPU) ready.gpu = "cpu";
  vf_status status = vf_asker_prepare(&s->solver.asker, &ready, err);
  if (status != VF_OK) return status;
  return vf_engine_for(out, &version, s->solver.asker.engine, s->solver.asker.model, err);
}

static vf_status try_one(vf_answer *out, search *s, const vf_deployment *d, vf_error *err) {
  vf_answer a;
  vf_question q = {.kind = s->query.kind, .d = *d, .list = s->query.lists[axis_of(s->query.kind)]};
  vf_status status = find_engine(&q.engine, s, d, err);
  if (status == VF_OK) status = vf_question_solve(&a, &s->solver, &q, err);
  if (status == VF_OK) status = apply_floor(&a, s, &q, err);
  if (status == VF_OK) *out = a;
  return status;
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
  case VF_MOST_MICRO_BATCH:
  case VF_MOST_SEQ_LEN:
  case VF_MOST_RANK:
  case VF_MOST_NGL: return a->best.number > b->best.number;
  case VF_MOST_GPUS:
  case VF_MOST_GPU:
  case VF_MOST_N_CPU_MOE: return a->best.number < b->best.number;
  case VF_MOST_QUANT:
  case VF_MOST_KV:
  case VF_MOST_COUNT: break;
  }
  return a->best.place < b->best.place;
}

static bool is_free(const vf_max_query *q, vf_axis_kind kind) {
  static const vf_max_kind asked[VF_AXIS_COUNT] = {
      [VF_AXIS_QUANT] = VF_MOST_QUANT, [VF_AXIS_KV] = VF_MOST_KV, [VF_AXIS_GPU] = VF_MOST_GPU};
  return q->lists[kind] != NULL && q->kind != asked[kind];
}

static vf_status rank_free(vf_candidates *out, search *s, vf_axis_kind kind, vf_error *err) {
  vf_deployment d = s->query.base;
  static vf_candidate nothing;
  *out = (vf_candidates){&nothing, 1};
  if (!is_free(&s->query, kind)) return VF_OK;
  if (d.gpu == NULL) d.gpu = "cpu";
  return vf_candidates_rank(out, &s->solver, &d, kind, s->query.lists[kind], err);
}

/* Formats before cache formats before devices: the first combination that is good enough, where it
 * was said what is enough; else the best of all. */
static vf_status try_all(vf_answer *out, search *s, vf_error *err) {
  static const vf_axis_kind kinds[] = {VF_AXIS_QUANT, VF_AXIS_KV, VF_AXIS_GPU};
  vf_candidates lists[3];
  vf_status status = VF_OK;
  bool first = true;
  for (int k = 0; k < 3 && status == VF_OK; k++) status = rank_free(&lists[k], s, kinds[k], err);
  if (status != VF_OK) return status;
  size_t n = lists[0].count * lists[1].count * lists[2].count;
  for (size_t i = 0; i < n; i++) {
    vf_deployment d = s->query.base;
    vf_answer a;
    size_t rest = i;
    for (int k = 2; k >= 0 && status == VF_OK; k--) {
      const char *name = lists[k].list[rest % lists[k].count].name;
      rest /= lists[k].count;
      if (name != NULL) status = vf_deployment_set_axis(&d, kinds[k], name, err);
    }
    if (status == VF_OK) status = try_one(&a, s, &d, err);
    if (status != VF_OK) return status;
    if (first || is_better(&a, out)) *out = a;
    first = false;
    if (out->found && has_floor(&s->query)) break;
  }
  return VF_OK;
}

/* What llama-server may keep of past prompts grows with use and can be turned off: an answer with
 * that is better than none. */
static vf_status try_without_prompts(vf_answer *out, search *s, vf_error *err) {
  vf_answer a = *out;
  if (s->query.base.request.prompt_cache_bytes >= 0) return VF_OK;
  s->query.base.request.prompt_cache_bytes = 0;
  vf_status status = try_all(&a, s, err);
  if (status != VF_OK || !a.found) return status;
  *out = a;
  out->cache_ram_off = true;
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

static bool is_last(vf_status status) {
  return status == VF_UNKNOWN || status == VF_NOMEM || status == VF_IO || status == VF_MALFORMED;
}

/* An engine that lowers a context which nobody said would lower it to anything: what else fits is
 * asked at the context of the lists of models and devices. */
static void take_usual_ctx(search *s, vf_max_query *q, const char *version) {
  uint64_t limit = s->solver.asker.model->max_ctx_tokens;
  bool lowers = s->engine->lowers_ctx != NULL && s->engine->lowers_ctx(version);
  if (q->kind == VF_MOST_CTX || q->base.request.ctx_tokens != 0 || !lowers) return;
  q->base.request.ctx_tokens = limit != 0 ? vf_min_u64(limit, VF_USUAL_CTX) : VF_USUAL_CTX;
  s->ctx_usual = true;
}

/* The engine of the model as it is, for all that is tried; where formats are listed, each has its
 * own, as anywhere else. */
static vf_status pin_engine(search *s, vf_max_query *q, vf_error *err) {
  vf_deployment d = q->base;
  const char *version;
  vf_error why;
  if (q->lists[VF_AXIS_QUANT] != NULL) return VF_OK;
  if (d.gpu == NULL || q->lists[VF_AXIS_GPU] != NULL) d.gpu = "cpu", d.gpus = 0;
  vf_status status = vf_asker_prepare(&s->solver.asker, &d, &why);
  if (is_last(status)) {
    if (err != NULL) *err = why;
    return status;
  }
  if (status != VF_OK) return VF_OK;
  status = vf_engine_for(&s->engine, &version, s->solver.asker.engine, s->solver.asker.model, err);
  if (status == VF_OK && q->base.request.engine == NULL) q->base.request.engine = s->engine->name;
  if (status == VF_OK) take_usual_ctx(s, q, version);
  return status;
}

static vf_status check(const vf_max_query *query, vf_error *err) {
  vf_status status = vf_check_struct(sizeof *query, query, "vf_max_query", err);
  if (status == VF_OK) status = vf_deployment_check(&query->base, err);
  if (status != VF_OK) return status;
  if ((unsigned)query->kind >= VF_MOST_COUNT) return vf_fail(err, VF_USAGE, "no such question");
  bool own = query->base.training && query->base.train.network_params != 0;
  if (query->base.model == NULL && !own) return vf_fail(err, VF_USAGE, "no model is named");
  bool named = query->base.gpu != NULL || query->lists[VF_AXIS_GPU] != NULL;
  if (!named && query->kind != VF_MOST_GPU) return vf_fail(err, VF_USAGE, "no device is named");
  return VF_OK;
}

static vf_status solve(vf_answer *out, search *s, const vf_context *ctx, vf_error *err) {
  vf_answer answer = {.kind = s->query.kind};
  vf_asker *asker = &s->solver.asker;
  vf_status status = vf_asker_init(asker, ctx, err);
  asker->with_tensors = s->query.base.quant == NULL && s->query.lists[VF_AXIS_QUANT] == NULL;
  if (status == VF_OK) status = pin_engine(s, &s->query, err);
  if (status == VF_OK) status = try_all(&answer, s, err);
  if (status == VF_OK && !answer.found) status = try_without_prompts(&answer, s, err);
  answer.estimates = s->solver.estimates;
  answer.ctx_usual = s->ctx_usual;
  if (status == VF_OK) *out = answer;
  return status;
}

vf_status vf_max_solve(vf_answer *out, const vf_context *ctx, const vf_max_query *query,
                       vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, ctx);
  VF_NEED(err, query);
  vf_status status = check(query, err);
  if (status != VF_OK) return status;
  if (query->base.training || vf_max_is_training(query->kind))
    return vf_train_question(out, ctx, query, err);
  vf_arena *arena = vf_arena_new(&ctx->allocator, (size_t)16 << 20);
  search *s = arena != NULL ? vf_arena_alloc(arena, 1, sizeof *s) : NULL;
  if (s == NULL) {
    vf_arena_free(arena);
    return vf_fail_nomem(err);
  }
  s->query = *query;
  s->solver.arena = arena;
  take_floors(&s->query);
  status = solve(out, s, ctx, err);
  vf_asker_free(&s->solver.asker);
  vf_arena_free(arena);
  return status;
}
