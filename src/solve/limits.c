/* limits.c - what else would fit, by asking the forward estimate again and again.
 *
 * "Fits" means the verdict FITS, so every answer keeps the headroom target. */
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "engines/engine.h"
#include "models/recipe.h"
#include "solve/largest.h"

enum { MOST_DEVICES = 16, CONTEXT_STEP = 256 };

/* One question at a time: the request with one value replaced. */
typedef struct question {
  vf_estimate *e;
  const vf_model *model;
  vf_request request;
  const vf_device *devices;
  size_t n_devices;
  const vf_engine *engine;
} question;

static vf_status asks_fit(question *q, bool *yes, vf_error *err) {
  vf_status status = vf_estimate_run(q->e, q->model, &q->request, q->devices, q->n_devices, err);
  *yes = status == VF_OK && vf_estimate_verdict(q->e) == VF_FITS;
  return status;
}

static vf_status fits_with_ctx(void *user, uint64_t ctx, bool *yes, vf_error *err) {
  question *q = user;
  q->request.ctx_tokens = ctx;
  return asks_fit(q, yes, err);
}

static vf_status fits_with_seqs(void *user, uint64_t seqs, bool *yes, vf_error *err) {
  question *q = user;
  q->request.seqs = (uint32_t)seqs;
  return asks_fit(q, yes, err);
}

static vf_status fits_with_layers(void *user, uint64_t layers, bool *yes, vf_error *err) {
  question *q = user;
  q->request.gpu_layers = (int32_t)layers;
  return asks_fit(q, yes, err);
}

/* ---- The questions ---------------------------------------------------------------------- */

/* A model without a stated limit is asked up to the context of the request. */
static vf_status solve_ctx(vf_limits *out, question q, vf_error *err) {
  uint64_t most = q.model->max_ctx_tokens;
  if (most == 0) most = q.request.ctx_tokens;
  vf_status status =
      vf_solve_largest(&out->max_ctx_tokens, CONTEXT_STEP, most, fits_with_ctx, &q, err);
  out->ctx_is_model_limit = out->max_ctx_tokens == most;
  return status;
}

static vf_status solve_seqs(vf_limits *out, question q, uint32_t most, vf_error *err) {
  uint64_t seqs = 0;
  vf_status status = vf_solve_largest(&seqs, 1, most, fits_with_seqs, &q, err);
  out->max_seqs = (uint32_t)seqs;
  out->seqs_is_engine_limit = seqs == most;
  return status;
}

/* A format or a number of devices that the engine refuses is no answer, and no failure either. */
static vf_status asks_possible(question *q, bool *yes, vf_error *err) {
  vf_error refusal;
  vf_status status = asks_fit(q, yes, &refusal);
  if (status == VF_OK || status == VF_UNSUPPORTED) return VF_OK;
  if (err != NULL) *err = refusal;
  return status;
}

/* The widest of the engine's own formats that fits. */
static vf_status try_ladder(vf_limits *out, question *q, vf_model *copy, vf_error *err) {
  bool yes = false;
  q->model = copy;
  for (const char *const *name = q->engine->ladder; *name != NULL; name++) {
    vf_status status = vf_recipe_apply(copy, *name, err);
    if (status == VF_OK) status = asks_possible(q, &yes, err);
    if (status != VF_OK) return status;
    if (!yes) continue;
    snprintf(out->quant, sizeof out->quant, "%s", *name);
    return VF_OK;
  }
  return VF_OK;
}

/* The widest of the common formats that fits; the recipes are ordered. */
static vf_status try_quants(vf_limits *out, question *q, vf_model *copy, vf_error *err) {
  bool common = false, yes = false;
  const char *name;
  q->model = copy;
  for (size_t i = 0; (name = vf_recipe_name(i, &common)) != NULL; i++) {
    if (!common) continue;
    vf_status status = vf_recipe_apply(copy, name, err);
    if (status == VF_OK) status = asks_fit(q, &yes, err);
    if (status != VF_OK) return status;
    if (!yes) continue;
    snprintf(out->quant, sizeof out->quant, "%s", name);
    return VF_OK;
  }
  return VF_OK;
}

static vf_status solve_quant(vf_limits *out, question q, vf_error *err) {
  vf_model *copy;
  const vf_model *base =
      q.model->derived != NULL && q.engine->ladder != NULL ? q.model->derived : q.model;
  vf_status status = vf_model_clone(&copy, base, err);
  if (status != VF_OK) return status;
  status =
      q.engine->ladder != NULL ? try_ladder(out, &q, copy, err) : try_quants(out, &q, copy, err);
  vf_model_free(copy);
  return status;
}

/* Devices that are named one by one would have to be named anew. */
static bool names_devices(const vf_request *r) {
  for (size_t i = 0; i < r->override_count; i++)
    if (r->overrides[i].device >= 0) return true;
  return false;
}

static vf_status solve_devices(vf_limits *out, question q, vf_error *err) {
  vf_device devices[MOST_DEVICES];
  if (names_devices(&q.request)) return VF_OK;
  if (q.devices[0].kind != VF_DEVICE_DISCRETE) return VF_OK;
  for (size_t i = 0; i < MOST_DEVICES; i++) devices[i] = q.devices[0];
  q.devices = devices;
  q.request.tensor_split_count = 0;
  q.request.split = VF_SPLIT_LAYER;
  q.request.tp = q.request.pp = q.request.dp = 0;
  if (q.request.ep > 1) return VF_OK; /* its number would have to change, too */
  for (q.n_devices = 1; q.n_devices <= MOST_DEVICES; q.n_devices++) {
    bool yes = false;
    vf_status status = asks_possible(&q, &yes, err);
    if (status != VF_OK) return status;
    if (!yes) continue;
    out->devices = (uint32_t)q.n_devices;
    return VF_OK;
  }
  return VF_OK;
}

/* How slow that answer is. */
static vf_status tell_layers_speed(vf_limits *out, question *q, vf_error *err) {
  bool yes;
  vf_speed speed;
  q->request.gpu_layers = out->gpu_layers;
  vf_status status = asks_fit(q, &yes, err);
  if (status != VF_OK) return status;
  vf_estimate_speed(q->e, &speed);
  if (speed.decode_known) out->gpu_layers_decode = speed.decode;
  return VF_OK;
}

/* Layers in host memory help only where that is another memory; 0 layers is an answer too. */
static vf_status solve_layers(vf_limits *out, question q, vf_error *err) {
  uint64_t layers = 0;
  bool none_fits, as_it_is;
  out->gpu_layers = -1;
  if (q.devices[0].kind != VF_DEVICE_DISCRETE || q.engine->pools) return VF_OK;
  vf_status status = asks_fit(&q, &as_it_is, err);
  if (status != VF_OK || as_it_is) return status;
  status = fits_with_layers(&q, 0, &none_fits, err);
  if (status != VF_OK || !none_fits) return status;
  status = vf_solve_largest(&layers, 1, q.model->n_layers + 1, fits_with_layers, &q, err);
  out->gpu_layers = (int32_t)layers;
  return status == VF_OK ? tell_layers_speed(out, &q, err) : status;
}

/* What a serving engine says of the request itself. */
static vf_status tell_pool(vf_limits *out, question q, vf_error *err) {
  bool yes;
  if (!q.engine->pools) return VF_OK;
  vf_status status = asks_fit(&q, &yes, err);
  if (status != VF_OK) return status;
  const vf_workload *w = vf_estimate_workload(q.e);
  out->max_concurrency_x100 = w->max_concurrency_x100;
  out->starts = w->starts;
  return VF_OK;
}

/* Fewer rows for the sampler, or a cache in 8 bits, where the request does not fit as it is. */
static vf_status solve_pool(vf_limits *out, question q, vf_error *err) {
  static const uint32_t rows[] = {512, 256, 128, 64, 32, 16, 8};
  bool yes = false;
  if (!q.engine->pools) return VF_OK;
  vf_status status = asks_fit(&q, &yes, err);
  if (status != VF_OK || yes) return status;
  uint32_t now = vf_estimate_workload(q.e)->max_num_seqs;
  question narrow = q;
  narrow.request.kv_k = narrow.request.kv_v = VF_FORMAT_F8_E4M3;
  status = asks_possible(&narrow, &out->kv_fp8, err);
  for (size_t i = 0; status == VF_OK && !yes && i < sizeof rows / sizeof *rows; i++) {
    if (rows[i] >= now || rows[i] < q.request.seqs) continue;
    q.request.max_num_seqs = rows[i];
    status = asks_possible(&q, &yes, err);
    if (yes) out->max_num_seqs = rows[i];
  }
  return status;
}

/* Another share of the memory: more where the cache is short, less where others use some. */
static vf_status solve_share(vf_limits *out, question q, vf_error *err) {
  enum { MOST_PPM = 950000, LEAST_PPM = 300000, STEP_PPM = 10000 };
  bool yes = false;
  if (!q.engine->pools) return VF_OK;
  vf_status status = asks_fit(&q, &yes, err);
  uint32_t now = vf_estimate_workload(q.e)->memory_fraction_ppm;
  for (uint32_t ppm = MOST_PPM; status == VF_OK && !yes && ppm >= LEAST_PPM; ppm -= STEP_PPM) {
    q.request.memory_fraction_ppm = ppm;
    if (ppm == now) continue;
    status = asks_possible(&q, &yes, err);
    if (yes) out->memory_fraction_ppm = ppm;
  }
  return status;
}

vf_status vf_limits_solve(vf_limits *out, vf_estimate *estimate, const vf_model *model,
                          const vf_request *request, const vf_device *devices, size_t device_count,
                          vf_error *err) {
  const vf_engine *engine;
  const char *version;
  vf_limits limits = {0};
  question q = {estimate, model, *request, devices, device_count, NULL};
  vf_status status = vf_engine_for(&engine, &version, request->engine, model, err);
  q.engine = engine;
  q.request.engine = request->engine != NULL ? request->engine : engine->name;
  if (status == VF_OK) status = tell_pool(&limits, q, err);
  if (status == VF_OK) status = solve_pool(&limits, q, err);
  if (status == VF_OK) status = solve_share(&limits, q, err);
  if (status == VF_OK) status = solve_ctx(&limits, q, err);
  if (status == VF_OK) status = solve_seqs(&limits, q, engine->max_seqs, err);
  if (status == VF_OK) status = solve_quant(&limits, q, err);
  if (status == VF_OK) status = solve_devices(&limits, q, err);
  if (status == VF_OK) status = solve_layers(&limits, q, err);
  if (status == VF_OK) *out = limits;
  return status;
}
