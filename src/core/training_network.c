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
#include "base/text.h"
#include "base/units.h"
#include "core/estimate.h"
#include "core/training.h"
#include "vramfit/train.h"

enum {
  FACTORS_PERMILLE = 10, /* a row and a column of matrices that are not small */
  FRAGMENTS_PERMILLE = 350,
  CONTEXT_LOW_MIB = 300,
  CONTEXT_MIB = 600,
  CONTEXT_HIGH_MIB = 1300
};

typedef struct sums {
  uint64_t weights, gradients, states, step, activations;
  uint64_t frozen;                 /* bytes of what is left as it is */
  uint64_t trained, weight, state; /* parameters that are trained, and thousandths of a byte */
  bool overflow;
} sums;

static uint64_t of(sums *s, uint64_t n, uint64_t permille) {
  uint64_t out = 0;
  if (!vf_mul(&out, n, permille)) s->overflow = true;
  return out / 1000;
}

static bool is_half(const vf_train_request *r) {
  return r->precision != NULL &&
         (strcmp(r->precision, "bf16") == 0 || strcmp(r->precision, "fp16") == 0);
}

/* What is trained, all of it or adapters in fp32 beside it, and thousandths of a byte of each. */
static vf_status sum_up(sums *s, const vf_train_request *r, vf_error *err) {
  const char *optimizer = r->optimizer != NULL ? r->optimizer : "adamw";
  bool adapters = r->trained_params != 0;
  s->trained = adapters ? r->trained_params : r->network_params;
  s->weight = is_half(r) && !adapters ? 2000 : 4000;
  if (adapters) s->frozen = of(s, r->network_params, is_half(r) ? 2000 : 4000);
  for (size_t i = 0; i < VF_OPTIMIZER_COUNT; i++) {
    const vf_train_optimizer *o = &vf_optimizers[i];
    if (strcmp(o->word, optimizer) != 0) continue;
    if (o->states > VF_STATES_FACTORS)
      return vf_fail(err, VF_USAGE,
                     "--optimizer %s: its states follow from matrices, and --network has none that "
                     "are known",
                     optimizer);
    uint64_t moments = o->moments > o->other_moments ? o->moments : o->other_moments;
    s->state = o->permille != 0                 ? o->permille
               : o->states == VF_STATES_FACTORS ? FACTORS_PERMILLE
                                                : moments * s->weight;
    s->weights = s->gradients = of(s, s->trained, s->weight);
    s->states = of(s, s->trained, s->state);
    s->step = of(s, s->trained, o->copies ? s->weight : 0);
    if (!vf_mul(&s->activations, r->sample_bytes, vf_max_u32(r->micro_batch, 1)))
      s->overflow = true;
    return VF_OK;
  }
  return vf_fail(err, VF_UNKNOWN, "--optimizer: '%.60s' is none that is known", optimizer);
}

static void put_product(vf_text *t, uint64_t n, const char *of_what, uint64_t permille) {
  vf_text_put(t, t->length > 0 ? " + " : "");
  vf_text_thousands(t, n);
  vf_text_printf(t, " %s × %" PRIu64 ".%03" PRIu64 " B", of_what, permille / 1000, permille % 1000);
}

static void put_lines(vf_train *t, const sums *s, const vf_train_request *r, bool in_step) {
  char words[160];
  vf_text w = vf_text_on(words, sizeof words);
  const char *what = s->frozen != 0 ? "trained" : "parameters";
  if (s->frozen != 0) put_product(&w, r->network_params, "frozen", is_half(r) ? 2000 : 4000);
  put_product(&w, s->trained, what, s->weight);
  vf_train_add_line(t, "weights", s->weights + s->frozen, VF_BASIS_MODELLED, "%s", words);
  w = vf_text_on(words, sizeof words);
  put_product(&w, s->trained, what, s->weight);
  vf_train_add_line(t, "gradients", s->gradients, VF_BASIS_MODELLED, "%s", words);
  w = vf_text_on(words, sizeof words);
  put_product(&w, s->trained, what, s->state);
  uint64_t step = in_step ? s->step : 0;
  if (step != 0) put_product(&w, s->trained, what, s->weight);
  vf_train_add_line(t, "optimizer", s->states + step, VF_BASIS_MODELLED, "%s%s", words,
                    step != 0 ? " for the step" : "");
}

/* Its gradients stay: they are made once. */
static void put_moments(vf_train *t, const sums *s, uint64_t buffer) {
  uint64_t b[VF_TRAIN_PART_COUNT] = {[VF_TRAIN_WEIGHTS] = s->weights + s->frozen};
  vf_train_add_moment(t, "loaded", b);
  b[VF_TRAIN_STATES] = s->states;
  b[VF_TRAIN_GRADIENTS] = s->gradients;
  b[VF_TRAIN_BUFFERS] = buffer;
  vf_train_add_moment(t, "step begins", b);
  b[VF_TRAIN_ACTIVATIONS] = s->activations;
  vf_train_add_moment(t, "forward ends", b);
  b[VF_TRAIN_ACTIVATIONS] = 0;
  vf_train_add_moment(t, "backward ends", b);
  b[VF_TRAIN_TEMPORARY] = s->step;
  vf_train_add_moment(t, "optimizer step", b);
  b[VF_TRAIN_TEMPORARY] = 0;
  vf_train_add_moment(t, "step ends", b);
}

static vf_status judge(vf_train *t, sums *s, const vf_train_request *r, const vf_device *d,
                       vf_error *err) {
  uint64_t stays[] = {s->weights, s->frozen, s->gradients, s->states, r->buffer_bytes}, kept = 0;
  for (size_t i = 0; i < sizeof stays / sizeof *stays; i++)
    if (!vf_add(&kept, kept, stays[i])) s->overflow = true;
  if (!vf_add(&t->backward_bytes, kept, s->activations) || !vf_add(&t->step_bytes, kept, s->step))
    s->overflow = true;
  uint64_t most = vf_max_u64(t->backward_bytes, t->step_bytes),
           spare = (most - s->frozen) / 1000 * FRAGMENTS_PERMILLE;
  if (s->overflow || most > INT64_MAX / 8)
    return vf_fail(err, VF_OVERFLOW, "the sizes asked for do not fit 64 bits: nothing fits that");
  bool in_step = t->step_bytes > t->backward_bytes;
  put_lines(t, s, r, in_step);
  if (!in_step)
    vf_train_add_line(t, "activations", s->activations, VF_BASIS_ASSUMED,
                      "%" PRIu32 " samples × %" PRIu64 " B, as measured",
                      vf_max_u32(r->micro_batch, 1), r->sample_bytes);
  vf_train_add_line(t, "buffers", r->buffer_bytes, VF_BASIS_ASSUMED, "as stated");
  for (size_t i = 0; i < t->n_lines; i++) t->lines[i].source = "parameters, and what was measured";
  put_moments(t, s, r->buffer_bytes);
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
  l->source = "assumed: no published peaks of networks of one's own";
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
    return vf_fail(err, VF_USAGE,
                   "--network has no layers that are known: --method full, or --trained-params for "
                   "adapters");
  if (!plain || r->tp > 1 || r->pp > 1 || r->cp > 1)
    return vf_fail(err, VF_USAGE, "--network has no layers to share out: --parallel ddp, or none");
  const char *const of_models[] = {r->freeze, r->objective, r->reference, r->teacher,
                                   r->critic, r->rollout,   r->ema,       r->reward_model};
  for (size_t i = 0; i < sizeof of_models / sizeof *of_models; i++)
    if (of_models[i] != NULL)
      return vf_fail(err, VF_USAGE, "--network has no '%.40s': it is of language models",
                     of_models[i]);
  if (r->images != 0 || r->train_layers != 0)
    return vf_fail(err, VF_USAGE, "--network has no layers and no tower that are known");
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
  t.params = r.network_params;
  t.trainable_params = r.trained_params != 0 ? r.trained_params : r.network_params;
  if (r.sample_bytes == 0)
    t.notes[t.n_notes++] = "no activations: --sample-memory says what one sample keeps";
  if (gpus > 1) t.notes[t.n_notes++] = "each GPU holds all of it";
  status = judge(&t, &s, &r, &devices[0], err);
  if (status == VF_OK) *out = t;
  return status;
}
