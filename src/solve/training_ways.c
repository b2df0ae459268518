/* training_ways.c - what would make a training run fit, combinations included, and what room it
 * has.
 *
 * A way is found from its end: all changes of a list are made at once; where the whole FITS, each
 * change is taken back, the dearest first, as long as it still does.  What is left is needed. Lists
 * go from what changes nothing about the result (which kernel computes the loss, what is computed
 * again, how a batch is cut into steps) over what costs time or precision (8-bit states, main
 * memory) to another method, more GPUs, and a shorter sequence. */
#include <string.h>

#include "base/args.h"
#include "base/checked.h"
#include "base/status.h"
#include "core/model.h"
#include "core/training_params.h"
#include "solve/training.h"

enum {
  LEAST_SEQ = 512, /* less is no work */
  NODE = 8,        /* who has fewer GPUs looks for one node, who has one for more */
};

/* ---- Changes ---------------------------------------------------------------------------- */

static bool is(const char *word, const char *is_word) {
  return word != NULL && strcmp(word, is_word) == 0;
}

/* Sets a word that the program has. */
static void choose(const vf_train_asker *x, const char **field, const char *param,
                   const char *word) {
  if (vf_trainer_has(x->trainer, param, word)) *field = word;
}

static bool is_plain_adamw(const vf_train_request *r) {
  return r->optimizer == NULL || is(r->optimizer, "adamw") || is(r->optimizer, "adamw-fused");
}

/* The step's copy of all parameters goes. */
static void fuse_optimizer(const vf_train_asker *x, vf_train_request *r, uint32_t gpus) {
  (void)gpus;
  if (r->optimizer == NULL || is(r->optimizer, "adamw"))
    choose(x, &r->optimizer, "optimizer", "adamw-fused");
}

static void use_flash(const vf_train_asker *x, vf_train_request *r, uint32_t gpus) {
  (void)gpus;
  if (is(r->attention, "eager")) choose(x, &r->attention, "attention", "flash");
}

/* A frozen base as its makers publish it, where a program would load it in fp32. */
static void narrow_base(const vf_train_asker *x, vf_train_request *r, uint32_t gpus) {
  (void)gpus;
  bool adapters = r->method != NULL && !is(r->method, "full");
  if (adapters && is(r->base_dtype, "fp32")) choose(x, &r->base_dtype, "base-dtype", "bf16");
}

static void fuse_loss(const vf_train_asker *x, vf_train_request *r, uint32_t gpus) {
  (void)gpus;
  if (is(r->objective, "grpo") || is(r->loss, "fused") || is(r->loss, "chunked")) return;
  choose(x, &r->loss, "loss", vf_trainer_has(x->trainer, "loss", "fused") ? "fused" : "chunked");
}

static void share(const vf_train_asker *x, vf_train_request *r, uint32_t gpus) {
  bool zero = is(r->parallel, "zero1") || is(r->parallel, "zero2");
  if (gpus > 1 && zero) choose(x, &r->parallel, "parallel", "zero3");
  if (gpus > 1 && is(r->parallel, "ddp")) r->parallel = NULL;
  vf_train_share_out(x, r, gpus);
  if (r->parallel == NULL) r->parallel = x->r.parallel;
}

/* The same batch in steps of one sequence; how many have room is asked later. */
static void cut_batch(const vf_train_asker *x, vf_train_request *r, uint32_t gpus) {
  (void)x, (void)gpus;
  if (r->micro_batch <= 1) return;
  uint64_t all = (uint64_t)vf_max_u32(r->grad_accum, 1) * r->micro_batch;
  r->grad_accum = (uint32_t)vf_min_u64(all, UINT32_MAX);
  r->micro_batch = 1;
}

static void checkpoint(const vf_train_asker *x, vf_train_request *r, uint32_t gpus) {
  (void)gpus;
  if (is(r->checkpointing, "none") || is(r->checkpointing, "selective"))
    choose(x, &r->checkpointing, "checkpointing", "full");
}

static void narrow_states(const vf_train_asker *x, vf_train_request *r, uint32_t gpus) {
  (void)gpus;
  bool sharded = r->parallel != NULL && strncmp(r->parallel, "zero", 4) == 0;
  if (is_plain_adamw(r) && !sharded) choose(x, &r->optimizer, "optimizer", "adamw-8bit");
}

/* Main memory is another one than the GPU's. */
static bool has_main_memory(const vf_train_asker *x) {
  return x->devices[0].kind == VF_DEVICE_DISCRETE;
}

static void offload_checkpoints(const vf_train_asker *x, vf_train_request *r, uint32_t gpus) {
  (void)gpus;
  if (has_main_memory(x)) choose(x, &r->checkpointing, "checkpointing", "offload");
}

static void offload_optimizer(const vf_train_asker *x, vf_train_request *r, uint32_t gpus) {
  (void)gpus;
  if (has_main_memory(x) && r->offload == NULL) choose(x, &r->offload, "offload", "optimizer");
}

static void offload_params(const vf_train_asker *x, vf_train_request *r, uint32_t gpus) {
  (void)gpus;
  if (has_main_memory(x) && vf_trainer_has(x->trainer, "offload", "params"))
    choose(x, &r->offload, "offload", "optimizer,params");
}

typedef void (*change)(const vf_train_asker *x, vf_train_request *r, uint32_t gpus);

/* From what costs least. */
static const change changes[] = {
    fuse_optimizer, use_flash,  narrow_base,   fuse_loss,           share,
    cut_batch,      checkpoint, narrow_states, offload_checkpoints, offload_optimizer,
    offload_params,
};
enum {
  CHANGES = sizeof changes / sizeof *changes,
  FREE_CHANGES = 7,
  CHEAP_CHANGES = 9, /* before main memory has to hold what is trained */
};

/* ---- A search --------------------------------------------------------------------------- */

typedef struct search {
  vf_train_asker *x;
  vf_train_limits *out;
  bool enough;
} search;

static vf_train_request with_changes(const search *s, const vf_train_request *base, unsigned mask,
                                     uint32_t gpus) {
  vf_train_request r = *base;
  for (size_t i = 0; i < CHANGES; i++)
    if ((mask & (1u << i)) != 0) changes[i](s->x, &r, gpus);
  return r;
}

/* Steps as large as there is room for, with the same batch at least. */
static vf_status fill_batch(search *s, vf_train_request *r, const vf_train_request *base,
                            uint32_t gpus, vf_error *err) {
  uint64_t all = (uint64_t)vf_max_u32(base->grad_accum, 1) * base->micro_batch, n = 0;
  if (base->micro_batch <= 1 || r->micro_batch == base->micro_batch) return VF_OK;
  uint32_t had = s->x->gpus;
  s->x->gpus = gpus;
  vf_status status =
      vf_train_largest(s->x, &n, r, VF_MOST_MICRO_BATCH, base->micro_batch, NULL, err);
  s->x->gpus = had;
  if (status != VF_OK || n == 0) return status;
  r->micro_batch = (uint32_t)n;
  r->grad_accum = (uint32_t)((all + n - 1) / n);
  return VF_OK;
}

static bool same_way(const vf_train_way *a, const vf_train_way *b) {
  bool same = a->gpus == b->gpus;
  for (size_t i = 0; same && i < VF_TRAIN_PARAM_COUNT; i++)
    same = vf_train_param_equal(&vf_train_params[i], &a->request, &b->request);
  return same;
}

/* Counts it, if the whole FITS. */
static vf_status add(search *s, const vf_train_request *r, uint32_t gpus, vf_error *err) {
  vf_train t;
  bool fits;
  vf_train_limits *l = s->out;
  vf_train_way w = {.request = *r, .gpus = gpus != s->x->gpus ? gpus : 0};
  if (l->n_ways == VF_MAX_WAYS) return VF_OK;
  for (size_t i = 0; i < l->n_ways; i++)
    if (same_way(&w, &l->ways[i])) return VF_OK;
  vf_status status = vf_train_look(s->x, &fits, &t, r, gpus, err);
  if (status != VF_OK || !fits) return status;
  w.need_high_bytes = t.budget.need.high_bytes;
  if (t.budget.device.kind == VF_DEVICE_DISCRETE) w.host_bytes = t.host_bytes;
  l->ways[l->n_ways++] = w;
  return VF_OK;
}

/* The fewest of the first n changes with which it FITS; *mask UINT_MAX: not even with all. */
static vf_status fewest(search *s, unsigned *mask, const vf_train_request *base, size_t n,
                        uint32_t gpus, vf_error *err) {
  bool fits = false;
  unsigned all = (1u << n) - 1;
  vf_train_request r = with_changes(s, base, all, gpus);
  *mask = ~0u;
  vf_status status = vf_train_look(s->x, &fits, NULL, &r, gpus, err);
  if (status != VF_OK || !fits) return status;
  for (size_t i = n; status == VF_OK && i-- > 0;) {
    unsigned without = all & ~(1u << i);
    r = with_changes(s, base, without, gpus);
    status = vf_train_look(s->x, &fits, NULL, &r, gpus, err);
    if (fits) all = without;
  }
  *mask = all;
  return status;
}

/* With what costs nothing if that is enough, else with what costs something. */
static vf_status try_base(search *s, bool *found, const vf_train_request *base, size_t most,
                          uint32_t gpus, vf_error *err) {
  unsigned mask = ~0u;
  size_t before = s->out->n_ways;
  vf_status status = fewest(s, &mask, base, FREE_CHANGES, gpus, err);
  if (status == VF_OK && mask == ~0u && most > FREE_CHANGES)
    status = fewest(s, &mask, base, most, gpus, err);
  *found = false;
  if (status != VF_OK || mask == ~0u) return status;
  vf_train_request r = with_changes(s, base, mask, gpus);
  status = fill_batch(s, &r, base, gpus, err);
  if (status == VF_OK) status = add(s, &r, gpus, err);
  *found = s->out->n_ways > before;
  return status;
}

/* ---- Ideas ------------------------------------------------------------------------------ */

/* Where something that costs nothing is enough, nothing else is worth it. */
static vf_status with_what_is_free(search *s, vf_error *err) {
  return try_base(s, &s->enough, &s->x->r, FREE_CHANGES, s->x->gpus, err);
}

static vf_status with_the_same_method(search *s, vf_error *err) {
  bool found;
  return try_base(s, &found, &s->x->r, CHEAP_CHANGES, s->x->gpus, err);
}

static vf_status with_main_memory(search *s, vf_error *err) {
  bool found;
  return try_base(s, &found, &s->x->r, CHANGES, s->x->gpus, err);
}

/* Adapters, then adapters over a quantized base. */
static vf_status with_another_method(search *s, vf_error *err) {
  static const char *const methods[] = {"lora", "qlora"};
  bool adapters = s->x->r.method != NULL && strcmp(s->x->r.method, "full") != 0, found = false;
  vf_status status = VF_OK;
  if (is(s->x->r.method, "qlora")) return VF_OK;
  for (size_t i = adapters; status == VF_OK && !found && i < 2; i++) {
    vf_train_request r = s->x->r;
    if (!vf_trainer_has(s->x->trainer, "method", methods[i])) continue;
    r.method = methods[i];
    status = vf_trainer_settle(&r, err);              /* what it takes for adapters */
    if (is(r.precision, "mixed")) r.precision = NULL; /* a frozen base has no master copy */
    if (status == VF_OK) status = try_base(s, &found, &r, CHEAP_CHANGES, s->x->gpus, err);
  }
  return status;
}

static vf_status on_more_gpus(search *s, vf_error *err) {
  bool found = false;
  vf_status status = VF_OK;
  vf_device first = s->x->devices[0];
  uint32_t most = s->x->gpus < NODE ? NODE : UINT32_MAX;
  if (first.kind != VF_DEVICE_DISCRETE) return VF_OK;
  for (size_t i = 0; i < VF_TRAIN_NODES && vf_train_nodes[i] <= most && !found && status == VF_OK;
       i++) {
    vf_train_request r = s->x->r;
    if (vf_train_nodes[i] <= s->x->gpus) continue;
    uint32_t n = vf_train_nodes[i];
    vf_train_share_out(s->x, &r, n);
    status = try_base(s, &found, &r, FREE_CHANGES, n, err);
  }
  return status;
}

static vf_status with_shorter_sequences(search *s, vf_error *err) {
  uint64_t n = 0, seq = s->x->r.seq_tokens != 0 ? s->x->r.seq_tokens : 2048;
  bool found;
  vf_train_request r = with_changes(s, &s->x->r, (1u << FREE_CHANGES) - 1, s->x->gpus);
  vf_status status = vf_train_largest(s->x, &n, &r, VF_MOST_SEQ_LEN, seq, NULL, err);
  if (status != VF_OK || n < LEAST_SEQ || n >= seq) return status;
  r = s->x->r;
  r.seq_tokens = n;
  return try_base(s, &found, &r, FREE_CHANGES, s->x->gpus, err);
}

typedef vf_status (*idea)(search *s, vf_error *err);

static const idea ideas[] = {with_what_is_free, with_the_same_method, with_another_method,
                             on_more_gpus,      with_main_memory,     with_shorter_sequences};

/* ---- Room ------------------------------------------------------------------------------- */

static vf_status find_room(vf_train_asker *x, vf_train_limits *out, vf_error *err) {
  uint64_t batch = 0, seq = 0, rank = 0, limit = vf_train_end(x, VF_MOST_SEQ_LEN);
  bool adapters = x->r.method != NULL && strcmp(x->r.method, "full") != 0;
  vf_status status = vf_train_largest(x, &batch, &x->r, VF_MOST_MICRO_BATCH,
                                      vf_train_end(x, VF_MOST_MICRO_BATCH), NULL, err);
  if (status == VF_OK) status = vf_train_largest(x, &seq, &x->r, VF_MOST_SEQ_LEN, limit, NULL, err);
  if (status == VF_OK && adapters)
    status =
        vf_train_largest(x, &rank, &x->r, VF_MOST_RANK, vf_train_end(x, VF_MOST_RANK), NULL, err);
  out->micro_batch = (uint32_t)batch;
  out->seq_tokens = seq;
  out->seq_is_model_limit = x->model != NULL && seq == limit && x->model->max_ctx_tokens != 0;
  out->lora_rank = (uint32_t)rank;
  return status;
}

vf_status vf_train_limits_solve(vf_train_limits *out, const vf_setup *setup, vf_error *err) {
  vf_train_asker x;
  vf_train_limits l = {0};
  search s = {.x = &x, .out = &l};
  bool fits = false;
  VF_NEED(err, out);
  VF_NEED(err, setup);
  vf_status status = vf_train_begin(&x, setup, err);
  if (status == VF_OK) l.request = x.r;
  if (status == VF_OK && x.devices[0].total_known) {
    status = vf_train_look(&x, &fits, NULL, &x.r, x.gpus, err);
    if (status == VF_OK && fits) status = find_room(&x, &l, err);
    for (size_t i = 0; status == VF_OK && !fits && !s.enough && i < sizeof ideas / sizeof *ideas;
         i++)
      status = ideas[i](&s, err);
  }
  l.estimates = x.estimates;
  if (status == VF_OK) *out = l;
  return status;
}
