/* limits.c - what else would fit, by asking the forward estimate again and again.
 *
 * "Fits" means the verdict FITS, so every answer keeps the headroom target. */
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "core/solve.h"
#include "engines/engine.h"
#include "models/recipe.h"

enum { MOST_DEVICES = 16, CONTEXT_STEP = 256 };

/* One question at a time: the request with one value replaced. */
typedef struct question {
  vf_estimate *e;
  const vf_model *model;
  vf_request request;
  const vf_device *devices;
  size_t n_devices;
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
  vf_status status = vf_model_clone(&copy, q.model, err);
  if (status != VF_OK) return status;
  status = try_quants(out, &q, copy, err);
  vf_model_free(copy);
  return status;
}

static vf_status solve_devices(vf_limits *out, question q, vf_error *err) {
  vf_device devices[MOST_DEVICES];
  if (q.devices[0].kind != VF_DEVICE_DISCRETE) return VF_OK;
  for (size_t i = 0; i < MOST_DEVICES; i++) devices[i] = q.devices[0];
  q.devices = devices;
  q.request.tensor_split_count = 0;
  q.request.split = VF_SPLIT_LAYER;
  for (q.n_devices = 1; q.n_devices <= MOST_DEVICES; q.n_devices++) {
    bool yes;
    vf_status status = asks_fit(&q, &yes, err);
    if (status != VF_OK) return status;
    if (!yes) continue;
    out->devices = (uint32_t)q.n_devices;
    return VF_OK;
  }
  return VF_OK;
}

/* Layers in host memory help only where that is another memory; 0 layers is an answer too. */
static vf_status solve_layers(vf_limits *out, question q, vf_error *err) {
  uint64_t layers = 0;
  bool none_fits, as_it_is;
  out->gpu_layers = -1;
  if (q.devices[0].kind != VF_DEVICE_DISCRETE) return VF_OK;
  vf_status status = asks_fit(&q, &as_it_is, err);
  if (status != VF_OK || as_it_is) return status;
  status = fits_with_layers(&q, 0, &none_fits, err);
  if (status != VF_OK || !none_fits) return status;
  status = vf_solve_largest(&layers, 1, q.model->n_layers + 1, fits_with_layers, &q, err);
  out->gpu_layers = (int32_t)layers;
  return status;
}

vf_status vf_limits_solve(vf_limits *out, vf_estimate *estimate, const vf_model *model,
                          const vf_request *request, const vf_device *devices, size_t device_count,
                          vf_error *err) {
  const vf_engine *engine;
  const char *version;
  vf_limits limits = {0};
  question q = {estimate, model, *request, devices, device_count};
  vf_status status = vf_engine_find(&engine, &version, request->engine, err);
  if (status == VF_OK) status = solve_ctx(&limits, q, err);
  if (status == VF_OK) status = solve_seqs(&limits, q, engine->max_seqs, err);
  if (status == VF_OK) status = solve_quant(&limits, q, err);
  if (status == VF_OK) status = solve_devices(&limits, q, err);
  if (status == VF_OK) status = solve_layers(&limits, q, err);
  if (status == VF_OK) *out = limits;
  return status;
}
