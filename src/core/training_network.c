/* training_network.c - training a network of one's own: a convolutional policy with a replay
 * buffer, a classifier, anything whose layers nobody has described.
 *
 * Parameters and what the optimizer keeps of them are arithmetic; a step's activations are as many
 * samples as it has, each as measured (torch.cuda.max_memory_allocated between two batch sizes,
 * divided by their difference); a buffer is what it was made for.  cuDNN's workspaces, fragments
 * and the context are assumed:
 *
 *   need = parameters x (weight + gradient + states + copy for the step) + samples x activations
 *          + buffer + workspaces and fragments + context */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "core/estimate.h"
#include "core/training.h"
#include "vramfit/train.h"

/* Of a parameter in fp32, in thousandths of a byte; sources as in training.c. */
static const struct {
  const char *name;
  uint32_t states, step;
} optimizers[] = {{"adamw", 8000, 4000},   {"adamw-fused", 8000, 0}, {"adamw-8bit", 2031, 0},
                  {"adamw-4bit", 1063, 0}, {"adamw-paged", 8000, 0}, {"adamw-paged-8bit", 2031, 0},
                  {"sgd", 0, 0},           {"momentum", 4000, 0},    {"adafactor", 10, 0},
                  {"lion", 4000, 0},       {"muon", 4000, 4000}};

enum {
  FRAGMENTS_PERMILLE = 350,
  CONTEXT_LOW_MIB = 300,
  CONTEXT_MIB = 600,
  CONTEXT_HIGH_MIB = 1300
};

typedef struct sums {
  uint64_t weights, gradients, states, step, activations;
  bool overflow;
} sums;

static uint64_t of(sums *s, uint64_t n, uint64_t permille) {
  uint64_t out = 0;
  if (!vf_mul(&out, n, permille)) s->overflow = true;
  return out / 1000;
}

static vf_status sum_up(sums *s, const vf_train_request *r, vf_error *err) {
  bool half = r->precision != NULL &&
              (strcmp(r->precision, "bf16") == 0 || strcmp(r->precision, "fp16") == 0);
  const char *optimizer = r->optimizer != NULL ? r->optimizer : "adamw";
  for (size_t i = 0; i < sizeof optimizers / sizeof *optimizers; i++) {
    if (strcmp(optimizers[i].name, optimizer) != 0) continue;
    uint64_t n = half ? r->network_params / 2 : r->network_params;
    s->weights = s->gradients = of(s, n, 4000);
    s->states = of(s, n, optimizers[i].states);
    s->step = of(s, n, optimizers[i].step);
    if (!vf_mul(&s->activations, r->sample_bytes, vf_max_u32(r->micro_batch, 1)))
      s->overflow = true;
    return VF_OK;
  }
  return vf_fail(err, VF_UNKNOWN, "--optimizer: '%.60s' is none that is known", optimizer);
}

static vf_status judge(vf_train *t, sums *s, const vf_train_request *r, const vf_device *d,
                       vf_error *err) {
  uint64_t n = r->network_params;
  uint64_t stays[] = {s->weights, s->gradients, s->states, r->buffer_bytes}, kept = 0;
  for (size_t i = 0; i < sizeof stays / sizeof *stays; i++)
    if (!vf_add(&kept, kept, stays[i])) s->overflow = true;
  if (!vf_add(&t->backward_bytes, kept, s->activations) || !vf_add(&t->step_bytes, kept, s->step))
    s->overflow = true;
  uint64_t most = vf_max_u64(t->backward_bytes, t->step_bytes),
           spare = most / 1000 * FRAGMENTS_PERMILLE;
  if (s->overflow || most > INT64_MAX / 8)
    return vf_fail(err, VF_OVERFLOW, "the sizes asked for do not fit 64 bits: nothing fits that");
  bool in_step = t->step_bytes > t->backward_bytes;
  vf_train_add_line(t, "weights", s->weights, VF_BASIS_MODELLED, "%" PRIu64 " parameters", n);
  vf_train_add_line(t, "gradients", s->gradients, VF_BASIS_MODELLED, "one for each");
  vf_train_add_line(t, "optimizer", s->states + (in_step ? s->step : 0), VF_BASIS_MODELLED,
                    "its moments%s", in_step && s->step != 0 ? ", and one copy for the step" : "");
  if (!in_step)
    vf_train_add_line(t, "activations", s->activations, VF_BASIS_ASSUMED,
                      "%" PRIu32 " samples × %" PRIu64 " B, as measured",
                      vf_max_u32(r->micro_batch, 1), r->sample_bytes);
  vf_train_add_line(t, "buffers", r->buffer_bytes, VF_BASIS_ASSUMED, "as stated");
  t->allocated = (vf_interval){most, most, most + spare / 2};
  t->reserved = (vf_interval){most, most + spare / 4, most + spare};
  vf_interval need = {most + (uint64_t)CONTEXT_LOW_MIB * VF_MIB,
                      most + spare / 4 + (uint64_t)CONTEXT_MIB * VF_MIB,
                      most + spare + (uint64_t)CONTEXT_HIGH_MIB * VF_MIB};
  vf_train_line *l = &t->lines[t->n_lines++];
  *l = (vf_train_line){.name = "runtime", .basis = VF_BASIS_ASSUMED};
  l->size = (vf_interval){need.low_bytes - most, need.bytes - most, need.high_bytes - most};
  snprintf(l->formula, sizeof l->formula,
           "context and libraries, cuDNN's workspaces, fragments of the allocator");
  t->budget = (vf_device_budget){.device = *d, .need = need};
  if (d->total_known) vf_budget_judge(&t->budget);
  return VF_OK;
}

static vf_status check(const vf_train_request *r, vf_error *err) {
  bool plain =
      r->parallel == NULL || strcmp(r->parallel, "none") == 0 || strcmp(r->parallel, "ddp") == 0;
  if (r->network_params == 0)
    return vf_fail(err, VF_USAGE, "no model is named, and --network says no parameters");
  if (r->method != NULL && strcmp(r->method, "full") != 0)
    return vf_fail(err, VF_USAGE, "--network has no layers that are known: --method full");
  if (!plain || r->tp > 1 || r->pp > 1 || r->cp > 1)
    return vf_fail(err, VF_USAGE, "--network has no layers to share out: --parallel ddp, or none");
  if (r->offload != NULL || r->seq_tokens != 0)
    return vf_fail(err, VF_USAGE,
                   "--network goes with --sample-memory, --micro-batch and --buffer alone");
  return VF_OK;
}

vf_status vf_train_network(vf_train *out, const vf_train_request *request, const vf_device *devices,
                           size_t device_count, vf_error *err) {
  vf_train_request r = vf_train_request_init();
  sums s = {0};
  VF_NEED(err, out);
  VF_NEED(err, request);
  VF_NEED(err, devices);
  vf_status status = vf_take_struct(&r, sizeof r, request, "vf_train_request", err);
  if (status == VF_OK && device_count == 0)
    status = vf_fail(err, VF_USAGE, "at least one device is needed");
  if (status == VF_OK) status = check(&r, err);
  if (status == VF_OK) status = sum_up(&s, &r, err);
  if (status != VF_OK) return status;
  uint32_t gpus = r.gpus != 0 ? r.gpus : (uint32_t)device_count;
  vf_train t = {.gpus = gpus, .replicas = gpus};
  snprintf(t.model, sizeof t.model, "a network of one's own");
  t.params = t.trainable_params = r.network_params;
  if (r.sample_bytes == 0)
    t.notes[t.n_notes++] = "no activations: --sample-memory says what one sample keeps";
  if (gpus > 1) t.notes[t.n_notes++] = "each GPU holds all of it";
  status = judge(&t, &s, &r, &devices[0], err);
  if (status == VF_OK) *out = t;
  return status;
}
