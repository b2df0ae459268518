/* training.c - the questions of `max` over a training run, and ways to make one fit.
 *
 * Everything is asked of the forward estimate alone (vf_train_run), which costs microseconds, so
 * that every answer has been estimated and FITS, and the step beyond it has been and does not.
 *
 * A way is found from its end: all changes of a list are made at once; where the whole fits, each
 * change is taken back again, the last one first, as long as it still fits.  What is left is
 * needed. Lists go from what changes nothing about the result (which loss kernel, what is computed
 * again, how a batch is cut) over what costs time or precision (8-bit states, main memory) to
 * another method, more GPUs, and a shorter sequence. */
#include "solve/training.h"

#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/checked.h"
#include "base/status.h"
#include "base/text.h"
#include "core/estimate.h"
#include "core/model.h"
#include "core/training_params.h"
#include "deploy/asker.h"
#include "deploy/setup.h"
#include "engines/trainers.h"
#include "solve/largest.h"
#include "solve/question.h"

enum { MOST_SEQ_UNKNOWN = 1 << 20, MOST_BATCH = 65536, MOST_RANK = 4096 };

/* ---- One estimate ----------------------------------------------------------------------- */

static vf_status estimate(vf_train_asker *x, vf_train *out, const vf_train_request *r,
                          uint32_t gpus, vf_error *err) {
  vf_train_request q = *r;
  q.gpus = gpus; /* all alike */
  vf_status status = vf_train_any(out, x->model, &q, x->devices, 1, err);
  x->estimates += status == VF_OK;
  return status;
}

vf_status vf_train_look(vf_train_asker *x, bool *fits, vf_train *out, const vf_train_request *r,
                        uint32_t gpus, vf_error *err) {
  vf_error why = {.status = VF_OK};
  vf_train scratch;
  vf_train *t = out != NULL ? out : &scratch;
  vf_status status = estimate(x, t, r, gpus, &why);
  *fits = status == VF_OK && t->budget.device.total_known && t->budget.verdict == VF_FITS;
  if (status == VF_OK || vf_is_refusal(status)) return VF_OK;
  if (err != NULL) *err = why;
  return status;
}

/* ---- The most of a number --------------------------------------------------------------- */

typedef struct counting {
  vf_train_asker *x;
  vf_train_request r;
  vf_max_kind kind;
  uint64_t step, most;
  vf_answer *a; /* NULL: nobody asks for the step beyond */
  bool any_yes;
} counting;

static void put_number(vf_train_request *r, vf_max_kind kind, uint64_t n) {
  switch (kind) {
  case VF_MOST_MICRO_BATCH: r->micro_batch = (uint32_t)n; break;
  case VF_MOST_SEQ_LEN: r->seq_tokens = n; break;
  case VF_MOST_RANK: r->lora_rank = (uint32_t)n; break;
  default: break;
  }
}

static vf_outcome outcome_of(const vf_train *t) {
  const vf_device_budget *b = &t->budget;
  return (vf_outcome){.known = true,
                      .verdict = b->verdict,
                      .need_bytes = b->need.bytes,
                      .need_high_bytes = b->need.high_bytes,
                      .capacity_bytes = b->capacity_bytes,
                      .headroom_bytes = b->headroom_bytes,
                      .target_bytes = b->headroom_target_bytes};
}

static void keep(counting *c, uint64_t number, const vf_train *t, bool yes, const vf_error *why) {
  vf_choice choice = {.number = number};
  if (c->a == NULL) return;
  if (why->status != VF_OK) {
    choice.outcome = (vf_outcome){.known = true, .refused = true, .verdict = VF_NO_FIT};
    snprintf(choice.refusal, sizeof choice.refusal, "%s", why->message);
  } else {
    choice.outcome = outcome_of(t);
  }
  *(yes ? &c->a->best : &c->a->next) = choice;
  c->any_yes |= yes;
}

static vf_status measure(void *user, uint64_t n, vf_sample *out, vf_error *err) {
  counting *c = user;
  vf_error why = {.status = VF_OK};
  vf_train t;
  uint64_t number = vf_min_u64(n * c->step, c->most);
  put_number(&c->r, c->kind, number);
  vf_status status = estimate(c->x, &t, &c->r, c->x->gpus, &why);
  if (status != VF_OK && !vf_is_refusal(status)) {
    if (err != NULL) *err = why;
    return status;
  }
  *out = (vf_sample){.yes = status == VF_OK && t.budget.verdict == VF_FITS};
  if (status == VF_OK) {
    out->far = vf_budget_over(&t.budget);
    out->has_far = (out->far >= 0) == out->yes;
  }
  keep(c, number, &t, out->yes, &why);
  return VF_OK;
}

uint64_t vf_train_end(const vf_train_asker *x, vf_max_kind kind) {
  if (kind == VF_MOST_MICRO_BATCH) return MOST_BATCH;
  if (kind == VF_MOST_RANK) return MOST_RANK;
  bool known = x->model != NULL && x->model->max_ctx_tokens != 0;
  return known ? x->model->max_ctx_tokens : MOST_SEQ_UNKNOWN;
}

vf_status vf_train_largest(vf_train_asker *x, uint64_t *out, const vf_train_request *r,
                           vf_max_kind kind, uint64_t most, vf_answer *a, vf_error *err) {
  counting c = {.x = x, .r = *r, .kind = kind, .most = most, .a = a};
  uint64_t n = 0;
  c.step = kind == VF_MOST_SEQ_LEN ? VF_TRAIN_SEQ_STEP : 1;
  uint64_t end = (most + c.step - 1) / c.step;
  vf_status status = vf_solve_largest(&n, end, NULL, 0, measure, &c, err);
  if (status != VF_OK) return status;
  *out = vf_min_u64(n * c.step, most);
  if (a == NULL) return VF_OK;
  a->found = n != 0;
  a->has_next = n < end;
  if (kind == VF_MOST_SEQ_LEN) a->step = VF_TRAIN_SEQ_STEP;
  return VF_OK;
}

/* ---- How many GPUs ---------------------------------------------------------------------- */

/* Nodes that exist, and several of eight. */
const uint8_t vf_train_nodes[VF_TRAIN_NODES] = {1, 2, 4, 8, 16, 32, 64};

void vf_train_share_out(const vf_train_asker *x, vf_train_request *r, uint32_t gpus) {
  bool shared = r->parallel != NULL && strcmp(r->parallel, "none") != 0;
  const char *word = vf_trainer_has(x->trainer, "parallel", "fsdp") ? "fsdp" : "zero3";
  if (gpus > 1 && !shared && vf_trainer_has(x->trainer, "parallel", word)) r->parallel = word;
}

/* As options have it, with what shares them out. */
static void name_gpus(vf_choice *c, const char *id, uint32_t n, const char *parallel) {
  vf_text t = vf_text_on(c->name, sizeof c->name);
  vf_text_put(&t, id);
  if (n > 1) vf_text_printf(&t, "x%u", n);
  if (parallel != NULL) vf_text_printf(&t, " --parallel %s", parallel);
}

static vf_status solve_gpus(vf_train_asker *x, vf_answer *a, vf_error *err) {
  counting c = {.x = x, .kind = VF_MOST_GPUS, .a = a};
  a->end = "one is enough";
  for (size_t i = 0; i < VF_TRAIN_NODES; i++) {
    vf_error why = {.status = VF_OK};
    vf_train t;
    vf_train_request r = x->r;
    uint32_t n = vf_train_nodes[i];
    vf_train_share_out(x, &r, n);
    vf_status status = estimate(x, &t, &r, n, &why);
    if (status != VF_OK && !vf_is_refusal(status)) {
      if (err != NULL) *err = why;
      return status;
    }
    bool yes = status == VF_OK && t.budget.verdict == VF_FITS;
    keep(&c, n, &t, yes, &why);
    vf_choice *kept = yes ? &a->best : &a->next;
    name_gpus(kept, x->devices[0].id, n, r.parallel != x->r.parallel ? r.parallel : NULL);
    if (!yes) {
      a->has_next = true;
      continue;
    }
    a->found = true;
    return VF_OK;
  }
  return VF_OK;
}

/* ---- Setting up ------------------------------------------------------------------------- */

vf_status vf_train_begin(vf_train_asker *x, const vf_setup *setup, vf_error *err) {
  size_t n;
  const vf_device *devices = vf_setup_devices(setup, &n);
  x->model = vf_setup_model(setup);
  x->gpus = (uint32_t)n;
  x->estimates = 0;
  x->devices[0] = devices[0]; /* all are alike */
  vf_status status = vf_setup_train_request(&x->r, setup, err);
  if (status == VF_OK && x->r.gpus != 0) x->gpus = x->r.gpus;
  if (status == VF_OK) status = vf_trainer_find(&x->trainer, x->r.engine, err);
  return status;
}

bool vf_max_is_training(vf_max_kind kind) {
  return kind == VF_MOST_MICRO_BATCH || kind == VF_MOST_SEQ_LEN || kind == VF_MOST_RANK;
}

/* What it is about. */
static void describe(vf_answer *a, const vf_train_asker *x) {
  const vf_train_request *r = &x->r;
  snprintf(a->model, sizeof a->model, "%s",
           x->model != NULL ? x->model->id : "a network of one's own");
  snprintf(a->quant, sizeof a->quant, "%s", r->method != NULL ? r->method : "full");
  snprintf(a->engine, sizeof a->engine, "%s", x->trainer->title);
  snprintf(a->gpu, sizeof a->gpu, "%s", x->devices[0].name);
  a->gpus = x->gpus;
  a->training = true;
  a->ctx_tokens = r->seq_tokens != 0 ? r->seq_tokens : x->model != NULL ? 2048 : 0;
  a->seqs = r->micro_batch != 0 ? r->micro_batch : 1;
}

static vf_status solve(vf_train_asker *x, vf_answer *a, vf_error *err) {
  uint64_t n;
  bool adapters = x->r.method != NULL && strcmp(x->r.method, "full") != 0;
  if (a->kind == VF_MOST_RANK && !adapters)
    return vf_fail(err, VF_USAGE, "a rank is of adapters: --method lora, dora or qlora");
  if (a->kind == VF_MOST_GPUS && x->gpus != 1)
    return vf_fail(err, VF_USAGE, "several devices are named already: name one");
  if (a->kind == VF_MOST_GPUS) return solve_gpus(x, a, err);
  if (x->model == NULL && a->kind != VF_MOST_MICRO_BATCH)
    return vf_fail(err, VF_USAGE,
                   "of --network the most samples of a step can be asked: micro-batch");
  a->end = a->kind == VF_MOST_SEQ_LEN && x->model->max_ctx_tokens != 0 ? "the model's limit"
                                                                       : "as far as is looked";
  return vf_train_largest(x, &n, &x->r, a->kind, vf_train_end(x, a->kind), a, err);
}

vf_status vf_train_question(vf_answer *out, const vf_context *ctx, const vf_max_query *query,
                            vf_error *err) {
  vf_deployment d = query->base;
  vf_setup *setup;
  vf_answer a = {.kind = query->kind};
  vf_train_asker x;
  if (!vf_max_is_training(a.kind) && a.kind != VF_MOST_GPUS)
    return vf_fail(err, VF_USAGE,
                   "of a training run the most micro-batch, seq-len, rank or gpus can be asked");
  if (query->base.request.ctx_tokens != 0 || query->base.request.seqs != 0)
    return vf_fail(err, VF_USAGE, "a training run has no %s: %s says what of it is meant",
                   query->base.request.ctx_tokens != 0 ? "--ctx" : "--seqs",
                   query->base.request.ctx_tokens != 0 ? "--seq-len" : "--micro-batch");
  for (int i = 0; i < VF_AXIS_COUNT; i++)
    if (query->lists[i] != NULL)
      return vf_fail(err, VF_USAGE, "'%.60s': a training run takes one value, no list",
                     query->lists[i]);
  d.training = true;
  if (a.kind == VF_MOST_GPUS) d.gpus = 0;
  vf_status status = vf_setup_open(&setup, ctx, &d, err);
  if (status != VF_OK) return status;
  status = vf_train_begin(&x, setup, err);
  if (status == VF_OK && !x.devices[0].total_known)
    status = vf_fail(err, VF_USAGE, "the memory of %s is not known: --memory says it",
                     x.devices[0].name);
  if (status == VF_OK) status = solve(&x, &a, err);
  if (status == VF_OK) {
    describe(&a, &x);
    a.estimates = x.estimates;
    *out = a;
  }
  vf_setup_free(setup);
  return status;
}
