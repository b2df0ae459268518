/* curve.c - memory against context, by asking the forward estimate at points of an axis.
 *
 * The axis ends where the model does, or a little beyond where it no longer fits: a curve that
 * leaves the picture at its left edge shows nothing. */
#include <string.h>

#include "base/args.h"
#include "base/checked.h"
#include "base/status.h"
#include "engines/engine.h"
#include "solve/largest.h"
#include "vramfit/solve.h"

enum { CONTEXT_STEP = 256, UNSTATED_TIMES = 2 };

typedef struct question {
  vf_estimate *e;
  const vf_model *model;
  vf_request request;
  const vf_device *devices;
  size_t n_devices;
  uint64_t most; /* the largest context that is asked about */
} question;

static vf_status ask(question *q, uint64_t ctx, vf_error *err) {
  q->request.ctx_tokens = ctx;
  return vf_estimate_run(q->e, q->model, &q->request, q->devices, q->n_devices, err);
}

/* The worst case, as the verdict has it: what an engine refuses for other reasons is no matter of
 * context. */
static bool is_within(const vf_estimate *e) {
  size_t n;
  const vf_device_budget *b = vf_estimate_devices(e, &n);
  for (size_t i = 0; i < n; i++)
    if (b[i].device.total_known && b[i].need.high_bytes > b[i].capacity_bytes) return false;
  return true;
}

static uint64_t ctx_at(const question *q, uint64_t n) {
  return vf_min_u64(n * CONTEXT_STEP, q->most);
}

static vf_status is_within_at(void *user, uint64_t n, vf_sample *out, vf_error *err) {
  question *q = user;
  vf_status status = ask(q, ctx_at(q, n), err);
  *out = (vf_sample){.yes = status == VF_OK && is_within(q->e)};
  return status;
}

/* The device that is fullest, in proportion; the host only where it is alone. */
static vf_status choose_device(vf_curve *out, const vf_estimate *e, vf_error *err) {
  size_t n;
  const vf_device_budget *b = vf_estimate_devices(e, &n);
  double worst = -1;
  for (size_t i = 0; i < n; i++) {
    bool host = b[i].device.kind == VF_DEVICE_HOST && n > 1;
    if (!b[i].device.total_known || host || b[i].capacity_bytes == 0) continue;
    double full = (double)b[i].need.high_bytes / (double)b[i].capacity_bytes;
    if (full <= worst) continue;
    worst = full;
    out->device = (uint32_t)i;
    out->capacity_bytes = b[i].capacity_bytes;
    out->headroom_target_bytes = b[i].headroom_target_bytes;
  }
  if (worst >= 0) return VF_OK;
  return vf_fail(err, VF_UNSUPPORTED, "there is nothing to draw against: no memory is known");
}

static uint64_t end_of_axis(const vf_curve *c, const question *q, uint64_t requested) {
  uint64_t most = q->model->max_ctx_tokens, end;
  if (most == 0) most = requested * UNSTATED_TIMES;
  most = vf_max_u64(most, requested);
  end = vf_max_u64(c->last_ctx_tokens * 2, requested + requested / 4);
  return vf_max_u64(vf_min_u64(most, end), CONTEXT_STEP);
}

static vf_status add_point(vf_curve *c, question *q, uint64_t ctx, vf_error *err) {
  vf_curve_point *p = &c->points[c->count];
  size_t n;
  vf_status status = ask(q, ctx, err);
  if (status != VF_OK) return status;
  const vf_device_budget *b = &vf_estimate_devices(q->e, &n)[c->device];
  p->ctx_tokens = ctx;
  memcpy(p->part_bytes, b->part_bytes, sizeof p->part_bytes);
  p->shared_host_bytes = b->whole.known ? 0 : b->shared_host_bytes;
  p->need = b->need;
  p->growth_bytes = b->growth_bytes;
  c->count++;
  return VF_OK;
}

vf_status vf_curve_solve(vf_curve *out, vf_estimate *estimate, const vf_model *model,
                         const vf_request *request, const vf_device *devices, size_t device_count,
                         vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, estimate);
  VF_NEED(err, model);
  VF_NEED(err, request);
  VF_NEED(err, devices);
  vf_curve c = {.count = 0};
  question q = {estimate, model, *request, devices, device_count, 0};
  vf_status status = vf_estimate_run(estimate, model, request, devices, device_count, err);
  if (status == VF_OK) status = choose_device(&c, estimate, err);
  if (status != VF_OK) return status;
  uint64_t requested = vf_estimate_workload(estimate)->requested_ctx_tokens;
  uint64_t n = 0;
  q.most = requested * UNSTATED_TIMES;
  if (model->max_ctx_tokens != 0) q.most = vf_max_u64(model->max_ctx_tokens, requested);
  status = vf_solve_largest(&n, (q.most + CONTEXT_STEP - 1) / CONTEXT_STEP, NULL, 0, is_within_at,
                            &q, err);
  c.last_ctx_tokens = ctx_at(&q, n);
  uint64_t end = end_of_axis(&c, &q, requested);
  c.ends_above = c.last_ctx_tokens >= end;
  for (uint64_t i = 0; status == VF_OK && i < VF_CURVE_POINTS; i++) {
    uint64_t ctx = end / (VF_CURVE_POINTS - 1) * i;
    if (i == 0) ctx = vf_min_u64(CONTEXT_STEP, end);
    if (i == VF_CURVE_POINTS - 1) ctx = end;
    if (ctx != 0) status = add_point(&c, &q, ctx, err);
  }
  if (status == VF_OK) *out = c;
  return status;
}
