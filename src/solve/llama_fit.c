/* llama_fit.c - what llama.cpp's --fit would choose where a request does not fit.
 *
 * Source: common/fit.cpp of llama.cpp v0.5.0: every device keeps a margin of 1024 MiB of what is
 * free; a context that was not given shrinks first, down to 4096 tokens per stream; then layers, or
 * the experts of leading layers, go to main memory. */
#include "base/args.h"
#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "core/estimate.h"
#include "solve/largest.h"
#include "vramfit/solve.h"

enum { LEAST_CTX = 4096, CTX_STEP = 256 };
static const uint64_t margin_bytes = 1024 * VF_MIB;

typedef struct question {
  vf_estimate *estimate;
  const vf_model *model;
  vf_request request;
  const vf_device *devices;
  size_t n_devices;
} question;

/* What llama.cpp measures of a device: its buffers, without what the process takes around them. */
static uint64_t buffers_of(const vf_device_budget *d) {
  return d->part_bytes[VF_PART_WEIGHTS] + d->part_bytes[VF_PART_KV_CACHE] +
         d->part_bytes[VF_PART_STATE] + d->part_bytes[VF_PART_COMPUTE];
}

/* Of all GPUs. */
static uint64_t all_buffers(const question *q) {
  uint64_t sum = 0;
  for (size_t i = 0; i + 1 < q->estimate->n_devices; i++)
    sum += buffers_of(&q->estimate->devices[i]);
  return sum;
}

/* By how much the tightest device misses its margin; 0: none does. */
static vf_status missing(const question *q, uint64_t *out, vf_error *err) {
  vf_status status =
      vf_estimate_run(q->estimate, q->model, &q->request, q->devices, q->n_devices, err);
  if (status != VF_OK) return status;
  *out = 0;
  for (size_t i = 0; i + 1 < q->estimate->n_devices; i++) {
    const vf_device_budget *d = &q->estimate->devices[i];
    uint64_t taken = buffers_of(d) + d->device.context.bytes + margin_bytes;
    if (taken > d->capacity_bytes) *out = vf_max_u64(*out, taken - d->capacity_bytes);
  }
  return VF_OK;
}

/* Memory is taken to grow linearly between the least context and the model's own. */
static vf_status shrink_context(question *q, vf_error *err) {
  uint64_t most = q->model->max_ctx_tokens, least = vf_min_u64(LEAST_CTX, most), over;
  if (most <= LEAST_CTX) return VF_OK;
  q->request.ctx_tokens = least;
  vf_status status = missing(q, &over, err);
  if (status != VF_OK || over != 0) return status;
  uint64_t low_bytes = all_buffers(q);
  q->request.ctx_tokens = most;
  status = missing(q, &over, err);
  uint64_t high_bytes = all_buffers(q);
  q->request.ctx_tokens = least;
  if (status != VF_OK || high_bytes <= low_bytes) return status;
  uint64_t per_token = (high_bytes - low_bytes) / (most - least) + 1;
  uint64_t cut = over * q->n_devices / per_token + 1;
  uint64_t ctx = most > least + cut ? most - cut : least;
  q->request.ctx_tokens = vf_max_u64(ctx / CTX_STEP * CTX_STEP, least);
  return VF_OK;
}

/* Fewest leading layers whose experts have to go; all of them if that is not enough. */
static vf_status move_experts(question *q, bool *enough, vf_error *err) {
  uint32_t low = 0, high = q->model->n_layers;
  uint64_t over;
  q->request.cpu_moe_layers = high;
  vf_status status = missing(q, &over, err);
  *enough = over == 0;
  while (status == VF_OK && *enough && low + 1 < high) {
    uint32_t middle = low + (high - low) / 2;
    q->request.cpu_moe_layers = middle;
    status = missing(q, &over, err);
    if (over == 0)
      high = middle;
    else
      low = middle;
  }
  q->request.cpu_moe_layers = high;
  return status;
}

/* Most layers that may stay. */
static vf_status move_layers(question *q, vf_error *err) {
  int32_t low = 0, high = (int32_t)q->model->n_layers + 1;
  vf_status status = VF_OK;
  while (status == VF_OK && low + 1 < high) {
    int32_t middle = low + (high - low) / 2;
    uint64_t over;
    q->request.gpu_layers = middle;
    status = missing(q, &over, err);
    if (over == 0)
      low = middle;
    else
      high = middle;
  }
  q->request.gpu_layers = low;
  return status;
}

static vf_status choose(question *q, vf_error *err) {
  bool given = q->request.ctx_tokens != 0, enough = false;
  uint64_t over;
  vf_status status = missing(q, &over, err);
  if (status != VF_OK || over == 0) return status;
  if (!given) {
    status = shrink_context(q, err);
    if (status == VF_OK) status = missing(q, &over, err);
    if (status != VF_OK || over == 0) return status;
  }
  if (vf_model_has_experts(q->model)) {
    status = move_experts(q, &enough, err);
    if (status != VF_OK || enough) return status;
  }
  return move_layers(q, err);
}

vf_status vf_llama_fit(vf_request *inout, vf_estimate *scratch, const vf_model *model,
                       const vf_device *devices, size_t device_count, vf_error *err) {
  VF_NEED(err, inout);
  VF_NEED(err, scratch);
  VF_NEED(err, model);
  VF_NEED(err, devices);
  question q = {scratch, model, *inout, devices, device_count};
  if (inout->gpu_layers >= 0 || inout->tensor_split_count != 0 || inout->override_count != 0 ||
      inout->split == VF_SPLIT_TENSOR)
    return vf_fail(err, VF_USAGE,
                   "--fit does nothing beside --ngl, --tensor-split, --override-tensor or "
                   "--split tensor");
  vf_status status = choose(&q, err);
  if (status == VF_OK) *inout = q.request;
  return status;
}
