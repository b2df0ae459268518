/* limits.c - what else would fit: the questions of `max`, asked of one estimate.
 *
 * "Fits" means the verdict FITS, so every answer keeps the headroom target. */
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/checked.h"
#include "base/status.h"
#include "solve/question.h"
#include "solve/ways.h"

/* What all questions share. */
typedef struct asking {
  vf_solver s;
  vf_question q;
  const vf_estimate *of;
} asking;

static bool fits_as_it_is(const asking *x) {
  return vf_estimate_verdict(x->of) == VF_FITS;
}

/* ---- When a question makes sense -------------------------------------------------------- */

/* Devices that are named one by one would have to be named anew. */
static bool counts_devices(const asking *x) {
  const vf_request *r = &x->of->request;
  for (size_t i = 0; i < r->override_count; i++)
    if (r->overrides[i].device >= 0) return false;
  return x->s.asker.given[0].kind == VF_DEVICE_DISCRETE && r->ep <= 1;
}

/* Layers in main memory help only where that is another memory. */
static bool moves_layers(const asking *x) {
  return !fits_as_it_is(x) && vf_device_has_main_memory(&x->s.asker.given[0]) &&
         vf_engine_offloads(x->of->engine);
}

static bool shrinks_caches(const asking *x) {
  return !fits_as_it_is(x) && x->of->engine->pools;
}

static bool always(const asking *x) {
  (void)x;
  return true;
}

/* ---- What becomes of an answer ---------------------------------------------------------- */

static void take_ctx(vf_limits *out, const vf_answer *a, asking *x) {
  out->max_ctx_tokens = a->found ? a->best.number : 0;
  out->ctx_is_model_limit = a->found && !a->has_next && x->of->model->max_ctx_tokens != 0;
}

static void take_seqs(vf_limits *out, const vf_answer *a, asking *x) {
  (void)x;
  out->max_seqs = a->found ? (uint32_t)a->best.number : 0;
  out->seqs_is_engine_limit = a->found && !a->has_next;
}

/* It may be narrower than what fits as it is, and is no candidate: Q4_0, or F32. */
static void take_quant(vf_limits *out, const vf_answer *a, asking *x) {
  vf_deployment d = x->q.d;
  vf_error ignored;
  if (!a->found) return;
  snprintf(out->quant, sizeof out->quant, "%.23s", a->best.name);
  d.quant = a->best.name;
  /* Experts that were published in 4 bits are in no file of a model in more. */
  bool most =
      (x->of->model->flags & VF_MODEL_EXPERTS_MXFP4) != 0 && vf_engine_offloads(x->of->engine);
  out->quant_is_less =
      fits_as_it_is(x) &&
      (most || (vf_asker_prepare(&x->s.asker, &d, &ignored) == VF_OK &&
                vf_model_weights_bytes(x->s.asker.model) <= vf_model_weights_bytes(x->of->model)));
}

static void take_kv(vf_limits *out, const vf_answer *a, asking *x) {
  (void)x;
  out->kv_fp8 = a->found && strcmp(a->best.name, "fp8") == 0;
}

static void take_devices(vf_limits *out, const vf_answer *a, asking *x) {
  (void)x;
  if (!a->found) return;
  out->devices = (uint32_t)a->best.number;
  out->devices_tp = a->best.tp;
  out->devices_pp = a->best.pp;
}

static void take_layers(vf_limits *out, const vf_answer *a, asking *x) {
  (void)x;
  if (!a->found) return;
  out->gpu_layers = (int32_t)a->best.number;
  out->gpu_layers_decode = a->decode;
}

static const struct {
  vf_max_kind kind;
  bool (*makes_sense)(const asking *x);
  void (*take)(vf_limits *out, const vf_answer *a, asking *x);
} questions[] = {
    {VF_MOST_CTX, always, take_ctx},
    {VF_MOST_SEQS, always, take_seqs},
    {VF_MOST_QUANT, always, take_quant},
    {VF_MOST_KV, shrinks_caches, take_kv},
    {VF_MOST_GPUS, counts_devices, take_devices},
    {VF_MOST_NGL, moves_layers, take_layers},
};

/* ---- Settings of serving engines -------------------------------------------------------- */

static vf_status ask(asking *x, const vf_deployment *d, vf_error *err) {
  vf_error why = {VF_OK};
  vf_status status = vf_asker_ask(&x->s.asker, d, &why);
  x->s.estimates += status == VF_OK;
  if (status != VF_OK && !vf_is_refusal(status) && err != NULL) *err = why;
  return status;
}

/* Fewer rows for the sampler: index n of the table is tried as value n. */
static const uint32_t rows[] = {8, 16, 32, 64, 128, 256, 512};

static vf_status with_rows(void *user, uint64_t n, vf_sample *out, vf_error *err) {
  asking *x = user;
  vf_deployment d = x->q.d;
  d.request.max_num_seqs = rows[n - 1];
  vf_status status = ask(x, &d, err);
  *out = (vf_sample){.yes = status == VF_OK && vf_estimate_verdict(x->s.asker.e) == VF_FITS};
  return status == VF_OK || vf_is_refusal(status) ? VF_OK : status;
}

static vf_status solve_rows(vf_limits *out, asking *x, vf_error *err) {
  const vf_workload *w = vf_estimate_workload(x->of);
  uint64_t n = 0, end = 0;
  while (end < sizeof rows / sizeof *rows && rows[end] < w->max_num_seqs) end++;
  if (end == 0) return VF_OK;
  vf_status status = vf_solve_largest(&n, end, NULL, 0, with_rows, x, err);
  if (n != 0 && rows[n - 1] >= x->of->request.seqs) out->max_num_seqs = rows[n - 1];
  return status;
}

enum { LEAST_PPM = 300000, MOST_PPM = 950000, STEP_PPM = 10000 };

/* Whether that share is not too much for what others leave: it is where requests would have room,
 * and the engine does not start all the same.  Whether it is enough is another question. */
static vf_status with_share(void *user, uint64_t n, vf_sample *out, vf_error *err) {
  asking *x = user;
  vf_deployment d = x->q.d;
  d.request.memory_fraction_ppm = (uint32_t)(LEAST_PPM + (n - 1) * STEP_PPM);
  vf_status status = ask(x, &d, err);
  *out = (vf_sample){.yes = false};
  if (status != VF_OK) return vf_is_refusal(status) ? VF_OK : status;
  const vf_workload *w = vf_estimate_workload(x->s.asker.e);
  bool room = w->max_concurrency_x100 >= (uint64_t)w->seqs * 100;
  out->yes = !room || vf_estimate_verdict(x->s.asker.e) != VF_NO_FIT;
  return VF_OK;
}

/* Another share of the memory: more where the cache is short, less where others use some. */
static vf_status solve_share(vf_limits *out, asking *x, vf_error *err) {
  uint64_t n = 0, end = (MOST_PPM - LEAST_PPM) / STEP_PPM + 1;
  vf_status status = vf_solve_largest(&n, end, NULL, 0, with_share, x, err);
  if (status != VF_OK || n == 0) return status;
  vf_deployment d = x->q.d;
  d.request.memory_fraction_ppm = (uint32_t)(LEAST_PPM + (n - 1) * STEP_PPM);
  status = ask(x, &d, err);
  if (status == VF_OK && vf_estimate_verdict(x->s.asker.e) == VF_FITS)
    out->memory_fraction_ppm = d.request.memory_fraction_ppm;
  return status == VF_OK || vf_is_refusal(status) ? VF_OK : status;
}

/* ---- All of it -------------------------------------------------------------------------- */

static vf_status solve_all(vf_limits *out, asking *x, vf_error *err) {
  vf_status status = VF_OK;
  const vf_workload *w = vf_estimate_workload(x->of);
  if (x->of->engine->pools) {
    out->max_concurrency_x100 = w->max_concurrency_x100;
    out->starts = w->starts;
  }
  for (size_t i = 0; status == VF_OK && i < sizeof questions / sizeof *questions; i++) {
    vf_answer a;
    if (!questions[i].makes_sense(x)) continue;
    x->q.kind = questions[i].kind;
    status = vf_question_solve(&a, &x->s, &x->q, err);
    if (status == VF_OK) questions[i].take(out, &a, x);
  }
  if (status == VF_OK && shrinks_caches(x)) status = solve_rows(out, x, err);
  if (status == VF_OK && shrinks_caches(x)) status = solve_share(out, x, err);
  return status == VF_OK && !fits_as_it_is(x) ? vf_ways_find(out, &x->s, &x->q, x->of, err)
                                              : status;
}

static void start(asking *x, const vf_estimate *estimate) {
  memset(x, 0, sizeof *x);
  x->of = estimate;
  x->q = (vf_question){.d = vf_deployment_init(), .engine = estimate->engine, .base = estimate};
  x->q.d.request = estimate->request;
  if (x->q.d.request.engine == NULL) x->q.d.request.engine = estimate->engine->name;
}

vf_status vf_limits_solve(vf_limits *out, const vf_estimate *estimate, vf_estimate *scratch,
                          const vf_device *devices, size_t device_count, vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, estimate);
  VF_NEED(err, scratch);
  VF_NEED(err, devices);
  if (scratch == estimate)
    return vf_fail(err, VF_USAGE, "an estimate cannot be the scratch of its own limits");
  vf_status status = vf_estimate_needed(estimate, err);
  if (status != VF_OK) return status;
  const vf_allocator *a = &scratch->allocator;
  asking *x = a->alloc(a->user, sizeof *x);
  if (x == NULL) return vf_fail_nomem(err);
  start(x, estimate);
  status = vf_asker_init_given(&x->s.asker, scratch, estimate->model, devices, device_count, err);
  x->s.arena = x->s.asker.arena;
  vf_limits limits = {.gpu_layers = -1};
  if (status == VF_OK) status = solve_all(&limits, x, err);
  if (x->s.asker.arena != NULL) vf_asker_free(&x->s.asker);
  limits.estimates = x->s.estimates;
  a->free(a->user, x);
  if (status == VF_OK) *out = limits;
  return status;
}
