/* training.c - what one GPU holds while a model is trained.
 *
 * Two moments compete for the peak.  At the end of the forward pass there are weights, optimizer
 * states and everything that the backward pass will read; in the optimizer's step there are
 * weights, states, all gradients, and what the step computes with.  Gradients are there at the
 * first moment only if they are added up over several steps, or belong to a persistent buffer.
 *
 *   backward = weights + optimizer + gradients? + saved activations + logits + gathered shards
 *   step     = weights + optimizer + gradients + temporary of the step
 *
 * With checkpoints one layer is computed again at a time: its work area and the logits are not
 * alive together, and the larger counts.  Without, all layers are alive at the loss.
 *
 * The parts are training_parts.c's, what a layer keeps is training_model.c's.  Here they become
 * intervals: what the options leave open (the parts' `less` and `more`) widens the sum, and what
 * remains between it and published peaks is a spread, fitted on one half of them by
 * tests/truth/fit_training.py. */
#include "core/training_parts.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "core/estimate.h"

/* ---- The peaks --------------------------------------------------------------------------- */

/* How far measured peaks were from the sum, in thousandths, of the half of tests/truth/training.tsv
 * that fit_training.py fits on; it reports the other half.  `low` is of the sum less what programs
 * may lack, `high` of the sum with what they may add.  Between what is allocated and what the
 * device holds there are fragments, the context and libraries. */
typedef struct spread {
  uint64_t low, middle, high;
} spread;

enum { ALLOCATED, RESERVED, DEVICE };
enum { PLAIN, FSDP, LAYERS, WAYS }; /* one GPU, DDP and ZeRO; shards; parts of layers, stages */
enum { LIBRARY_BYTES = 800 << 20 }; /* a process's context and libraries: 0.5 to 1.3 GB published */

static const spread spreads[WAYS][3] = {
    [PLAIN] = {{853, 1008, 1080}, {870, 1050, 1200}, {978, 1097, 1262}}, /* reserved: between */
    [FSDP] = {{853, 1000, 1095}, {856, 1000, 1220}, {978, 1000, 1262}}, /* as one GPU's, at least */
    [LAYERS] = {{835, 1057, 1394}, {835, 1057, 1394}, {978, 1059, 1262}},
};

static int way_of(const vf_run *r) {
  if (r->gpus > 1 && (r->tp > 1 || r->pp > 1 || r->ep > 1)) return LAYERS;
  return r->gpus > 1 && r->parallel == VF_FSDP ? FSDP : PLAIN;
}

static vf_interval spread_out(bool *overflow, const vf_run *r, vf_interval sum, uint64_t libraries,
                              int what) {
  spread d = spreads[way_of(r)][what];
  return (vf_interval){vf_train_part(overflow, sum.low_bytes + libraries, d.low),
                       vf_train_part(overflow, sum.bytes + libraries, d.middle),
                       vf_train_part(overflow, sum.high_bytes + libraries, d.high)};
}

/* What holds `part` is never smaller, wherever each was measured. */
static void cover(vf_interval *whole, vf_interval part) {
  whole->low_bytes = vf_max_u64(whole->low_bytes, part.low_bytes);
  whole->bytes = vf_max_u64(whole->bytes, part.bytes);
  whole->high_bytes = vf_max_u64(whole->high_bytes, part.high_bytes);
}

void vf_train_add_line(vf_train *out, const char *name, uint64_t bytes, vf_basis basis,
                       const char *fmt, ...) {
  if (bytes == 0 || out->n_lines == VF_TRAIN_LINES) return;
  vf_train_line *l = &out->lines[out->n_lines++];
  va_list args;
  l->name = name;
  l->size = (vf_interval){bytes, bytes, bytes};
  l->basis = basis;
  va_start(args, fmt);
  vsnprintf(l->formula, sizeof l->formula, fmt, args);
  va_end(args);
}

static void note(vf_train *out, bool when, const char *text) {
  if (when && out->n_notes < VF_TRAIN_NOTES) out->notes[out->n_notes++] = text;
}

static void take_notes(vf_train *out, const vf_model *m, const vf_run *r) {
  vf_train_recipe c = vf_train_recipe_of(r);
  note(out, r->gpus == 1 && r->parallel > VF_DDP, "one GPU: sharding saves nothing");
  note(out, r->method == VF_QLORA && !r->base_stated,
       "the base in NF4 with double quantization, embeddings and output in 16 bits");
  note(out, r->method == VF_QLORA && r->base != VF_BASE_GPTQ && r->precision != VF_FP32,
       "what lies between layers in 16 bits: PEFT's prepare_model_for_kbit_training makes it fp32 "
       "(the upper end)");
  note(out, r->method == VF_QLORA && vf_model_has_experts(m) && r->base != VF_BASE_GPTQ,
       "experts quantized, too: where they are one tensor, bitsandbytes alone leaves them in 16 "
       "bits");
  note(out,
       r->method == VF_FULL && r->optimizer == VF_ADAMW && c.temporary != 0 && !vf_run_is_zero(r),
       "PyTorch's AdamW of several tensors at once (foreach): one more copy in its step "
       "(adamw-fused: none)");
  note(out, r->loss == VF_LOSS_FULL,
       "the loss keeps logits of every token (--loss fused: it does not)");
  note(out, r->precision_taken,
       "mixed, as DeepSpeed's ZeRO has it: fp32 weights and states beside 16-bit ones (--precision "
       "bf16: all in 16 bits)");
  note(out, r->loss_taken, "a loss in place, as programs that offload checkpoints have it");
  note(out, r->checkpoints == VF_CKPT_SELECTIVE && !vf_run_is_megatron(r),
       "which results selective checkpointing saves differs much between versions");
  note(out, r->objective == VF_GRPO,
       "the engine that generates is not counted, but in the upper end, with 30 % of the device");
  note(out, (m->flags & VF_MODEL_ENCODER) != 0,
       "an encoder: its layers are counted as a decoder's");
  note(out, r->vpp > 1,
       "interleaved stages hold what plain ones hold: published runs differ either way");
  note(out, r->pp > 1 && r->accum == 1,
       "the first stage holds as many steps as there are stages (1F1B)");
  note(out, r->parallel == VF_ALONE && r->gpus > 1 && (uint64_t)r->tp * r->pp * r->cp < r->gpus,
       "several GPUs without --parallel: each holds everything");
}

/* Among how many GPUs something is shared out; experts have replicas of their own. */
static const char *over(char *buf, size_t size, const vf_run *r, const vf_train_parts *p,
                        bool sharded) {
  buf[0] = '\0';
  if (sharded && (p->shards > 1 || p->expert_shards > 1))
    snprintf(buf, size, ", over %" PRIu64 " GPUs", p->shards);
  if (sharded && r->ep > 1)
    snprintf(buf + strlen(buf), size - strlen(buf), ", experts' over %" PRIu64, p->expert_shards);
  return buf;
}

static void put_states(vf_train *out, const vf_train_model *s, const vf_run *r,
                       const vf_train_parts *p, bool in_step) {
  vf_train_recipe c = vf_train_recipe_of(r);
  bool full = r->method == VF_FULL, whole = r->parallel == VF_ZERO3 || r->parallel == VF_FSDP;
  uint64_t n = full ? p->own : s->adapters + s->expert_adapters;
  const char *of = full ? "parameters" : "of adapters";
  char buf[64];
  vf_train_add_line(out, "weights", p->weights, VF_BASIS_MODELLED, "%" PRIu64 " parameters here%s",
                    p->own, over(buf, sizeof buf, r, p, whole));
  if (in_step || vf_train_keeps_gradients(r))
    vf_train_add_line(out, "gradients", p->gradients, VF_BASIS_MODELLED,
                      "%" PRIu64 " %s × %" PRIu64 ".%03" PRIu64 " B%s", n, of, c.gradient / 1000,
                      c.gradient % 1000,
                      over(buf, sizeof buf, r, p, whole || (full && r->parallel == VF_ZERO2)));
  vf_train_add_line(out, "optimizer", p->optimizer + (in_step ? p->temporary : 0),
                    VF_BASIS_MODELLED, "%" PRIu64 " %s × %" PRIu64 ".%03" PRIu64 " B%s%s", n, of,
                    c.states / 1000, c.states % 1000,
                    over(buf, sizeof buf, r, p, whole || (full && r->parallel >= VF_ZERO1)),
                    in_step && p->temporary != 0 ? ", and what the step computes with" : "");
}

static void put_lines(vf_train *out, const vf_model *m, const vf_train_model *s, const vf_run *r,
                      const vf_train_parts *p, bool in_step) {
  uint64_t logit = vf_train_logits_hundredths(r);
  bool gathers = r->parallel == VF_ZERO3 || r->parallel == VF_FSDP;
  put_states(out, s, r, p, in_step);
  if (!in_step) {
    vf_train_add_line(out, "activations", p->activations, VF_BASIS_MODELLED,
                      "%" PRIu64 " tokens × %" PRIu64 " sequences; %" PRIu64
                      " B a token in all layers if nothing is computed again",
                      r->seq, r->batch, s->saved_bytes);
    vf_train_add_line(out, "logits", p->logits, VF_BASIS_MODELLED,
                      "%" PRIu64 " tokens × %" PRIu64 " logits × %" PRIu64 ".%02" PRIu64 " B",
                      r->seq * r->batch, m->n_vocab, logit / 100, logit % 100);
  }
  if (!in_step || p->buffers_stay)
    vf_train_add_line(out, "buffers", p->buffers, VF_BASIS_MODELLED, "%s",
                      !gathers    ? "buckets of gradients and parameters"
                      : r->pp > 1 ? "gathered: a stage, and its gradients in fp32"
                                  : "gathered: embeddings and layers at work");
}

/* What a rollout engine in the same memory takes by default: TRL's vllm_gpu_memory_utilization. */
static uint64_t rollout_bytes(const vf_run *r, const vf_device *d) {
  return r->objective == VF_GRPO && d->total_known ? d->total_bytes / 10 * 3 : 0;
}

/* What torch's allocator caches it gives back before it fails: on a full device a run takes what is
 * there, if what it cannot give back fits.  Only the expected need follows that; the upper end
 * stays, since fragments can keep a request from being met. */
static void press(vf_interval *need, const vf_train *t, const vf_train_parts *p,
                  const vf_device *d) {
  enum { FRAGMENTS_PERMILLE = 1100 }; /* what full devices show over what is allocated */
  uint64_t capacity = vf_device_capacity(d), firm = t->allocated.bytes + p->fragments;
  firm = firm / 1000 * FRAGMENTS_PERMILLE + LIBRARY_BYTES;
  if (!d->total_known) return;
  need->bytes = vf_min_u64(need->bytes, vf_max_u64(capacity, firm));
  need->low_bytes = vf_min_u64(need->low_bytes, need->bytes);
}

static uint64_t less_than(uint64_t a, uint64_t b) {
  return a > b ? a - b : 0;
}

/* The higher of both moments, and of what they are at least and at most. */
static vf_interval peak_of(vf_train *out, const vf_run *r, const vf_train_parts *p) {
  uint64_t always = p->weights + p->optimizer - p->paged;
  uint64_t backward = always + (vf_train_keeps_gradients(r) ? p->gradients : 0) + p->activations +
                      p->logits + p->buffers;
  uint64_t step = always + p->gradients + p->temporary + (p->buffers_stay ? p->buffers : 0);
  out->backward_bytes = backward;
  out->step_bytes = step;
  return (vf_interval){vf_max_u64(less_than(backward, p->less), less_than(step, p->step_less)),
                       vf_max_u64(backward, step), vf_max_u64(backward + p->more, step)};
}

static void put_runtime(vf_train *out) {
  vf_interval a = out->allocated, need = out->budget.need;
  if (out->n_lines == VF_TRAIN_LINES) return;
  vf_train_line *l = &out->lines[out->n_lines++];
  uint64_t low = need.low_bytes - a.low_bytes, middle = need.bytes - a.bytes;
  uint64_t high = need.high_bytes - a.high_bytes;
  l->name = "runtime";
  l->basis = VF_BASIS_ASSUMED;
  l->size = (vf_interval){vf_min_u64(low, vf_min_u64(middle, high)), middle,
                          vf_max_u64(high, vf_max_u64(middle, low))};
  snprintf(l->formula, sizeof l->formula, "context, libraries, fragments of the allocator");
}

/* A process's context and libraries lie beside all that its allocator has. */
static vf_interval with_libraries(vf_interval v) {
  return (vf_interval){v.low_bytes + LIBRARY_BYTES / 2, v.bytes + LIBRARY_BYTES,
                       v.high_bytes + LIBRARY_BYTES};
}

/* What the allocator keeps, beside the tensors of the peak. */
static vf_interval held_of(const vf_train *t, const vf_train_parts *p) {
  uint64_t backward = t->backward_bytes + p->cached + p->fragments;
  return (vf_interval){t->bare.low_bytes, vf_max_u64(t->bare.bytes, backward),
                       vf_max_u64(t->bare.high_bytes, backward + p->more)};
}

static vf_status judge(vf_train *out, const vf_run *r, const vf_train_parts *p, const vf_device *d,
                       vf_error *err) {
  bool overflow = p->overflow;
  vf_interval sum = peak_of(out, r, p);
  out->bare = sum;
  out->allocated = spread_out(&overflow, r, sum, 0, ALLOCATED);
  out->reserved = spread_out(&overflow, r, sum, 0, RESERVED);
  out->held = held_of(out, p);
  vf_interval need = spread_out(&overflow, r, out->held, LIBRARY_BYTES, DEVICE);
  if (overflow || sum.high_bytes > INT64_MAX / 8)
    return vf_fail(err, VF_OVERFLOW, "the sizes asked for do not fit 64 bits: nothing fits that");
  need.high_bytes += p->paged; /* it leaves only when the device is full */
  need.high_bytes += rollout_bytes(r, d);
  cover(&out->reserved, out->allocated);
  press(&need, out, p, d);
  cover(&need, with_libraries(out->allocated));
  out->reserved.bytes = vf_min_u64(out->reserved.bytes, need.bytes);
  out->reserved.low_bytes = vf_min_u64(out->reserved.low_bytes, out->reserved.bytes);
  out->budget = (vf_device_budget){.device = *d, .need = need};
  if (d->total_known) vf_budget_judge(&out->budget);
  return VF_OK;
}

vf_status vf_train_run(vf_train *out, const vf_model *model, const vf_train_request *request,
                       const vf_device *devices, size_t device_count, vf_error *err) {
  vf_train_request q = vf_train_request_init();
  vf_run r;
  VF_NEED(err, out);
  VF_NEED(err, model);
  VF_NEED(err, devices);
  vf_status status = vf_take_struct(&q, sizeof q, request, "vf_train_request", err);
  if (status != VF_OK) return status;
  if (device_count == 0) return vf_fail(err, VF_USAGE, "at least one device is needed");
  status = vf_run_read(&r, model, &q, q.gpus != 0 ? q.gpus : device_count, err);
  if (status != VF_OK) return status;
  const vf_train_model s = vf_train_model_of(model, &r);
  const vf_train_parts p = vf_train_parts_of(model, &s, &r);
  vf_train t = {.gpus = r.gpus, .replicas = r.replicas};
  snprintf(t.model, sizeof t.model, "%s", model->id);
  t.params = s.embedding + s.output + s.experts + s.rest;
  t.trainable_params = r.method == VF_FULL ? t.params : s.adapters + s.expert_adapters;
  t.host_bytes = p.host;
  take_notes(&t, model, &r);
  status = judge(&t, &r, &p, &devices[0], err);
  if (status != VF_OK) return status;
  put_lines(&t, model, &s, &r, &p, t.step_bytes > t.backward_bytes);
  put_runtime(&t);
  *out = t;
  return VF_OK;
}
