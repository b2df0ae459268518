/* training_words.c - the words of a training run, one table each; and which numbers go together. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"
#include "base/text.h"
#include "core/training.h"

static const char *const methods[] = {"full", "lora", "dora", "qlora", NULL};
static const char *const precisions[] = {"bf16",   "mixed", "fp32",  "fp16",
                                         "float8", "mxfp8", "nvfp4", NULL};
static const char *const optimizers[] = {
    "adamw", "adamw-fused", "adamw-8bit", "adamw-4bit", "adamw-paged", "adamw-paged-8bit",
    "sgd",   "momentum",    "adafactor",  "lion",       "muon",        NULL};
static const char *const checkpoints[] = {"full", "none", "selective", "offload", NULL};
static const char *const attentions[] = {"flash", "sdpa", "flex", "eager", NULL};
static const char *const losses[] = {"full", "inplace", "fused", "chunked", NULL};
static const char *const parallels[] = {"none", "ddp", "zero1", "zero2", "zero3", "fsdp", NULL};
static const char *const objectives[] = {"sft", "dpo", "grpo", NULL};
static const char *const bases[] = {"nf4-dq", "nf4", "int8", "gptq", "nvfp4", NULL};
static const char *const targets[] = {
    "q", "k", "v", "o", "gate", "up", "down", "experts", "shared_expert", NULL};
static const char *const offloads[] = {"optimizer", "params", "activations", NULL};

/* A word of a table; -1 and a sentence where there is none. */
static int find(const char *text, size_t length, const char *const *words, const char *what,
                vf_error *err) {
  char word[48];
  snprintf(word, sizeof word, "%.*s", (int)length, text);
  for (int i = 0; words[i] != NULL; i++)
    if (strlen(words[i]) == length && strncmp(words[i], text, length) == 0) return i;
  const char *nearest = vf_nearest_name(word, words);
  char all[256];
  vf_text t = vf_text_on(all, sizeof all);
  for (int i = 0; words[i] != NULL; i++) vf_text_printf(&t, "%s%s", i > 0 ? ", " : "", words[i]);
  if (nearest != NULL)
    vf_fail(err, VF_UNKNOWN, "--%s: '%s': did you mean %s? (%s)", what, word, nearest, all);
  else
    vf_fail(err, VF_UNKNOWN, "--%s: '%s' is none of %s", what, word, all);
  return -1;
}

static bool choose(int *out, const char *text, const char *const *words, const char *what,
                   vf_error *err) {
  *out = text == NULL ? 0 : find(text, strlen(text), words, what, err);
  return *out >= 0;
}

static bool gather(uint32_t *out, const char *text, const char *const *words, const char *what,
                   vf_error *err) {
  *out = 0;
  for (const char *s = text; s != NULL && *s != '\0';) {
    size_t n = strcspn(s, ",");
    int i = find(s, n, words, what, err);
    if (i < 0) return false;
    *out |= UINT32_C(1) << i;
    s += n + (s[n] == ',');
  }
  return true;
}

static bool read_targets(vf_run *r, const vf_model *m, const char *text, vf_error *err) {
  uint32_t attention = VF_TARGET_Q | VF_TARGET_K | VF_TARGET_V | VF_TARGET_O;
  uint32_t mlp = VF_TARGET_GATE | VF_TARGET_UP | VF_TARGET_DOWN;
  if (text != NULL && strcmp(text, "all-linear") != 0)
    return gather(&r->targets, text, targets, "lora-targets", err);
  bool experts = vf_model_has_experts(m);
  r->targets = attention | (experts ? VF_TARGET_EXPERTS | VF_TARGET_SHARED : mlp);
  return true;
}

static bool read_words(vf_run *r, const vf_model *m, const vf_train_request *q, vf_error *err) {
  r->base_stated = q->base_quant != NULL;
  return choose(&r->method, q->method, methods, "method", err) &&
         choose(&r->precision, q->precision, precisions, "precision", err) &&
         choose(&r->optimizer, q->optimizer, optimizers, "optimizer", err) &&
         choose(&r->checkpoints, q->checkpointing, checkpoints, "checkpointing", err) &&
         choose(&r->attention, q->attention, attentions, "attention", err) &&
         choose(&r->loss, q->loss, losses, "loss", err) &&
         choose(&r->parallel, q->parallel, parallels, "parallel", err) &&
         choose(&r->objective, q->objective, objectives, "objective", err) &&
         choose(&r->base, q->base_quant, bases, "quant", err) &&
         gather(&r->offload, q->offload, offloads, "offload", err) &&
         read_targets(r, m, q->lora_targets, err);
}

bool vf_run_is_zero(const vf_run *r) {
  return r->parallel >= VF_ZERO1 && r->parallel <= VF_ZERO3;
}

bool vf_run_is_megatron(const vf_run *r) {
  bool shared = r->tp > 1 || r->pp > 1 || r->ep > 1;
  return shared && r->parallel <= VF_ZERO1;
}

static uint32_t or_one(uint32_t n) {
  return n != 0 ? n : 1;
}

static vf_status check_experts(const vf_run *r, const vf_model *m, vf_error *err) {
  if (r->ep == 1) return VF_OK;
  if (!vf_model_has_experts(m))
    return vf_fail(err, VF_USAGE, "--ep %" PRIu32 ": the model has no experts", r->ep);
  for (uint32_t i = 0; i < m->n_layers; i++)
    if (m->layers[i].n_experts % r->ep != 0)
      return vf_fail(err, VF_USAGE,
                     "--ep %" PRIu32 " does not divide the %" PRIu32 " experts of layer %" PRIu32,
                     r->ep, m->layers[i].n_experts, i);
  if (r->gpus / r->pp % r->ep != 0)
    return vf_fail(err, VF_USAGE,
                   "--ep %" PRIu32 " does not divide the %" PRIu32 " GPUs of a stage", r->ep,
                   r->gpus / r->pp);
  return VF_OK;
}

static vf_status check_numbers(vf_run *r, const vf_model *m, vf_error *err) {
  enum { MOST_TOKENS = 1u << 30, MOST_RANK = 1u << 16, MOST_GPUS = 1u << 20 };
  uint64_t shared = (uint64_t)r->tp * r->pp;
  if (r->seq > MOST_TOKENS || r->batch > MOST_TOKENS || r->seq * r->batch > MOST_TOKENS)
    return vf_fail(err, VF_LIMIT, "more than %u tokens of a step on one GPU",
                   (unsigned)MOST_TOKENS);
  if (r->gpus > MOST_GPUS) return vf_fail(err, VF_LIMIT, "more than %u GPUs", (unsigned)MOST_GPUS);
  if (r->rank > MOST_RANK)
    return vf_fail(err, VF_LIMIT, "--lora-rank %" PRIu64 " is beyond %u", r->rank,
                   (unsigned)MOST_RANK);
  if (r->pp > m->n_layers)
    return vf_fail(err, VF_USAGE,
                   "--pp %" PRIu32 ": the model has %" PRIu32
                   " layers, one for each stage at least",
                   r->pp, m->n_layers);
  for (uint32_t i = 0; i < m->n_layers; i++)
    if ((m->layers[i].mixers & VF_MIX_ATTENTION) != 0 && m->layers[i].n_heads % r->tp != 0)
      return vf_fail(err, VF_USAGE,
                     "--tp %" PRIu32 " does not divide the %" PRIu32 " heads of layer %" PRIu32,
                     r->tp, m->layers[i].n_heads, i);
  if (shared == 0 || r->gpus % shared != 0 || (r->gpus / shared) % r->cp != 0)
    return vf_fail(err, VF_USAGE,
                   "%" PRIu32 " GPUs are no multiple of --tp %" PRIu32 " × --pp %" PRIu32
                   " × --cp %" PRIu32,
                   r->gpus, r->tp, r->pp, r->cp);
  r->replicas = (uint32_t)(r->gpus / shared / r->cp);
  return check_experts(r, m, err);
}

vf_status vf_run_read(vf_run *out, const vf_model *m, const vf_train_request *q, size_t gpus,
                      vf_error *err) {
  vf_run r = {.seq = q->seq_tokens != 0 ? q->seq_tokens : 2048,
              .batch = or_one(q->micro_batch),
              .accum = or_one(q->grad_accum),
              .rank = q->lora_rank != 0 ? q->lora_rank : 16,
              .vpp = or_one(q->vpp),
              .tp = or_one(q->tp),
              .pp = or_one(q->pp),
              .cp = or_one(q->cp),
              .ep = or_one(q->ep),
              .gpus = (uint32_t)vf_min_u64(gpus, UINT32_MAX),
              .compile = q->compile,
              .tiled = q->tiled_mlp};
  if (!read_words(&r, m, q, err)) return VF_UNKNOWN;
  r.precision_taken = q->precision == NULL && vf_run_is_zero(&r) && r.method == VF_FULL;
  if (r.precision_taken) r.precision = VF_MIXED;
  r.loss_taken = q->loss == NULL && r.checkpoints == VF_CKPT_OFFLOAD;
  if (r.loss_taken) r.loss = VF_LOSS_INPLACE;
  vf_status status = check_numbers(&r, m, err);
  if (status == VF_OK) *out = r;
  return status;
}
