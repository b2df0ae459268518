/* sglang.c - SGLang: the static fraction, the pools in it, and what must fit beside them.
 *
 * Rules of main at 9fec359a6 (2026-07-13): server_args.py:3727-3920 for the fraction,
 * model_runner_kv_cache_mixin.py:104-147 and pool_configurator.py for the pools.  The fraction is
 * of what is free before weights are loaded; activations and graphs are not measured, they must fit
 * in the rest. */
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "engines/engine.h"
#include "engines/ranks.h"

enum {
  NEWEST = 5009,
  FIRST_HEURISTIC = 5000, /* before it: a fraction by tensor parallelism */
  STATE_SLOTS = 3,        /* per request, with the radix cache */
  MAX_RUNNING = 4096,
};

static const char *const checkpoints[] = {"awq",
                                          "gptq",
                                          "fp8",
                                          "fbgemm_fp8",
                                          "compressed-tensors",
                                          "modelopt",
                                          "modelopt_fp4",
                                          "mxfp4",
                                          "bitsandbytes",
                                          "auto-round",
                                          "quark",
                                          NULL};

static const vf_kernel_rules kernels = {"SGLang", checkpoints, true, false};

typedef struct plan {
  vf_ranks s;
  uint32_t attention_dp; /* replicas of attention inside of one tp group */
  uint32_t fraction_ppm;
  vf_ranks_cell cell;
} plan;

typedef struct tier {
  uint32_t below_gib, chunk, decode_bs, decode_bs_tp4;
} tier;

static const tier tiers[] = {
    {20, 2048, 8, 8},     {35, 2048, 24, 80},    {60, 4096, 32, 160},
    {90, 8192, 256, 512}, {160, 8192, 256, 512}, {UINT32_MAX, 16384, 512, 512},
};

static const tier *tier_of(const vf_device *d) {
  const tier *t = tiers;
  while (d->total_bytes / VF_GIB >= t->below_gib && t->below_gib != UINT32_MAX) t++;
  return t;
}

static bool is_latent(const vf_model *m) {
  for (size_t i = 0; i < m->n_caches; i++)
    if (m->caches[i].kind == VF_CACHE_LATENT) return true;
  return false;
}

/* Sizes of prefill graphs: 4..32 by 4, 48..256 by 16, then ever wider, up to `most`. */
static uint32_t prefill_sizes(uint32_t most) {
  static const uint32_t steps[][2] = {{32, 4},    {256, 16},   {512, 32},
                                      {1024, 64}, {4096, 256}, {UINT32_MAX, 512}};
  uint32_t n = 0, size = 0;
  for (size_t i = 0; size < most; n++) {
    while (size >= steps[i][0]) i++;
    size += steps[i][1];
  }
  return n;
}

/* MiB set aside for activations, graphs and NCCL (server_args.py:3760). */
static uint64_t reserved_mib(const plan *p, const tier *t, uint64_t total_mib) {
  uint64_t chunk = vf_max_u32(p->s.batch_tokens, 2048);
  uint64_t bs = p->s.tp >= 4 ? t->decode_bs_tp4 : t->decode_bs;
  uint64_t mib = 512 + chunk * 3 / 2 + UINT64_C(128) * p->s.tp * p->s.pp;
  if (!p->s.request->enforce_eager) {
    mib += 2 * bs;
    mib += is_latent(p->s.model) ? 1536 : UINT64_C(8) * prefill_sizes((uint32_t)chunk);
  }
  if (p->attention_dp > 1) mib += 3 * bs * p->attention_dp + (bs > 300 ? bs * 3 / 2 : 0);
  if (total_mib > 60 * 1024) mib = vf_max_u64(mib, 10240);
  return mib;
}

/* Before v0.5: 0.88, less with more ranks. */
static uint32_t old_fraction(uint32_t tp) {
  return tp >= 16 ? 790000 : tp >= 8 ? 810000 : tp >= 4 ? 850000 : tp >= 2 ? 870000 : 880000;
}

static uint32_t default_fraction(const plan *p) {
  const vf_device *d = &p->s.e->devices[0].device;
  uint64_t total = d->total_bytes / VF_MIB, kept;
  if (p->s.version < FIRST_HEURISTIC) return old_fraction(p->s.tp);
  kept = reserved_mib(p, tier_of(d), total);
  if (total == 0 || kept >= total) return 1000;
  uint64_t permille = ((total - kept) * 2000 + total) / (2 * total);
  if (p->s.model->flags & VF_MODEL_HAS_TOWER) permille = permille * 95 / 100;
  return (uint32_t)permille * 1000;
}

/* With --enable-dp-attention the replicas share the GPUs of one tensor parallel group. */
static vf_ranks_asked resolve_attention_dp(plan *p) {
  const vf_request *r = p->s.request;
  vf_ranks_asked asked = {r->tp, r->pp, r->dp, r->ep};
  uint32_t gpus = (uint32_t)p->s.e->n_devices - 1;
  p->attention_dp = 1;
  if (r->dp > 1 && r->tp == gpus && r->tp % r->dp == 0) {
    p->attention_dp = r->dp;
    asked.dp = 1;
  }
  return asked;
}

static vf_status resolve(plan *p, vf_error *err) {
  vf_ranks *s = &p->s;
  const vf_request *r = s->request;
  const vf_device *d = &s->e->devices[0].device;
  vf_status status = vf_ranks_begin_as(s, NEWEST, resolve_attention_dp(p), err);
  if (status == VF_OK) status = vf_ranks_check(s, &kernels, err);
  if (status != VF_OK) return status;
  vf_ranks_formats(s, VF_FORMAT_NONE);
  s->batch_tokens = r->max_num_batched_tokens != 0 ? r->max_num_batched_tokens : tier_of(d)->chunk;
  p->fraction_ppm = r->memory_fraction_ppm != 0 ? r->memory_fraction_ppm : default_fraction(p);
  s->w->memory_fraction_ppm = p->fraction_ppm;
  s->w->max_num_batched_tokens = s->w->ubatch_tokens = s->batch_tokens;
  s->w->block_size = r->block_size != 0 ? r->block_size : 1;
  return VF_OK;
}

/* Experts lie over tp / ep ranks each; attention over tp / dp. */
static void set_shard(plan *p, uint32_t stage) {
  vf_ranks *s = &p->s;
  s->shard = (vf_shard){.tp = s->tp,
                        .expert_tp = s->tp / s->ep,
                        .expert_ranks = s->ep,
                        .vocab_multiple = 64,
                        .number_bytes = s->number_bytes,
                        .no_towers = s->request->text_only};
  vf_shard_stage(&s->shard, s->model, VF_STAGE_BEFORE_LAST, s->pp, stage);
}

/* Attention is whole on each of its replicas: its part of the weights once more for every rank that
 * does not share it. */
static uint64_t attention_copies(const plan *p) {
  vf_shard less = p->s.shard, more = p->s.shard;
  uint64_t sum = 0;
  if (p->attention_dp == 1) return 0;
  more.tp = p->s.tp / p->attention_dp;
  for (size_t i = 0; i < p->s.model->n_tensors; i++) {
    const vf_tensor *t = &p->s.model->tensors[i];
    bool attention = t->role >= VF_ROLE_ATTN_Q && t->role <= VF_ROLE_ATTN_O_B;
    if (attention)
      sum += vf_shard_tensor(&more, p->s.model, t) - vf_shard_tensor(&less, p->s.model, t);
  }
  return sum;
}

/* Bytes per token of the pool: layers with a window have four fifths of the slots
 * (--swa-full-tokens-ratio 0.8). */
static uint64_t cell_bytes(const vf_ranks_cell *c) {
  return c->full_layers == 0 ? c->window_bytes : c->full_bytes + (c->window_bytes * 4 + 4) / 5;
}

/* Slots that the demand takes: of the full pool, or of the smaller one for windows. */
static uint64_t demand_tokens(const plan *p) {
  const vf_workload *w = p->s.w;
  uint64_t seqs = (w->seqs + p->s.dp * p->attention_dp - 1) / (p->s.dp * p->attention_dp);
  uint64_t full, kept = vf_min_u64(w->requested_ctx_tokens, p->cell.window_tokens + w->block_size);
  if (!vf_mul(&full, seqs, w->requested_ctx_tokens)) {
    p->s.e->overflow = true;
    return 0;
  }
  if (p->cell.window_layers == 0) return full;
  return vf_max_u64(full, (seqs * kept * 5 + 3) / 4);
}

/* Recurrent states take nine parts of nineteen (--mamba-full-memory-ratio 0.9), whether they are
 * needed or not, and the cache the others. */
static void add_demand(plan *p, uint32_t device) {
  vf_ranks *s = &p->s;
  uint64_t cache = 0, states = 0,
           seqs = (s->w->seqs + s->dp * p->attention_dp - 1) / (s->dp * p->attention_dp);
  if (!vf_mul(&cache, demand_tokens(p), cell_bytes(&p->cell))) s->e->overflow = true;
  if (p->cell.state_bytes != 0) {
    uint64_t slots = s->request->prefix_caching == VF_OFF ? 1 : STATE_SLOTS;
    if (!vf_mul3(&states, seqs, slots, p->cell.state_bytes)) s->e->overflow = true;
    cache = vf_max_u64(cache, vf_shard_part(states, 10, 9));
    states = vf_max_u64(states, vf_shard_part(cache, 9, 10));
  }
  if (s->e->overflow) return;
  vf_ranks_add(s, device, VF_PART_KV_CACHE, "kv_cache", vf_exactly(cache), VF_BASIS_EXACT,
               "slots of the token pool");
  vf_ranks_add(s, device, VF_PART_STATE, "recurrent_state", vf_exactly(states), VF_BASIS_EXACT,
               "three slots per request");
}

static uint64_t pool_tokens(const plan *p, uint64_t bytes) {
  uint64_t cell = cell_bytes(&p->cell), page = p->s.w->block_size;
  if (p->cell.state_bytes != 0) bytes = vf_shard_part(bytes, 10, 19);
  return cell == 0 ? 0 : bytes / cell / page * page;
}

static void add_outside(plan *p, uint32_t device, uint64_t tokens) {
  vf_ranks *s = &p->s;
  const vf_workload *w = s->w;
  uint64_t act = vf_ranks_forward_bytes(s, s->batch_tokens);
  uint64_t running = tokens / vf_max_u64(w->requested_ctx_tokens, 1) * 512;
  running = vf_min_u64(vf_min_u64(vf_max_u64(running, 2048), MAX_RUNNING), tokens / 2 + 1);
  if (s->request->max_num_seqs != 0) running = s->request->max_num_seqs;
  uint64_t table = (running + 1) * vf_min_u64(w->requested_ctx_tokens, UINT64_C(1) << 40) * 4;
  vf_ranks_add_outside(s, device, VF_PART_COMPUTE, "activation",
                       (vf_interval){act / 2, act, act + act / 2}, "beside the pools");
  if (!s->request->enforce_eager)
    vf_ranks_add_outside(s, device, VF_PART_COMPUTE, "cuda_graphs",
                         (vf_interval){400 * VF_MIB, 1400 * VF_MIB, 3000 * VF_MIB},
                         "beside the pools");
  vf_ranks_add_outside(s, device, VF_PART_COMPUTE, "request_table", vf_exactly(table),
                       "beside the pools");
}

/* NCCL and the context are there before the first measurement. */
static uint64_t before_loading(const vf_device *d, uint64_t context) {
  uint64_t total = vf_ranks_total(d), taken = context + d->used_bytes;
  return total > taken ? total - taken : 0;
}

/* NCCL's buffers: 1.1 GiB was logged with NVLink, next to nothing on PCIe. */
static vf_interval link_bytes(const plan *p, const vf_device *d) {
  enum { LINKED_MB_PER_S = 1400000 };
  if (p->s.tp == 1) return (vf_interval){0, 0, 0};
  if (d->bandwidth_mb_per_s < LINKED_MB_PER_S) return (vf_interval){0, 0, 600 * VF_MIB};
  return (vf_interval){300 * VF_MIB, 1100 * VF_MIB, 2200 * VF_MIB};
}

/* The budget at every end. */
static vf_interval budget_of(const plan *p, const vf_device *d) {
  vf_interval links = link_bytes(p, d);
  uint64_t ppm = p->fraction_ppm;
  return (vf_interval){
      vf_shard_part(before_loading(d, d->context.high_bytes + links.high_bytes), ppm, 1000000),
      vf_shard_part(before_loading(d, d->context.bytes + links.bytes), ppm, 1000000),
      vf_shard_part(before_loading(d, d->context.low_bytes + links.low_bytes), ppm, 1000000)};
}

static void add_rank(plan *p, uint32_t device) {
  vf_ranks *s = &p->s;
  vf_device_budget *b = &s->e->devices[device];
  uint64_t copies = attention_copies(p);
  vf_ranks_add_weights(s, device, true, true);
  vf_ranks_add(s, device, VF_PART_WEIGHTS, "attention_copies", vf_exactly(copies), VF_BASIS_EXACT,
               "whole attention for each replica");
  add_demand(p, device);
  if (s->e->overflow || !b->device.total_known) return;
  vf_interval budget = budget_of(p, &b->device), pool = vf_ranks_pool(b, budget);
  uint64_t tokens = pool_tokens(p, pool.bytes);
  add_outside(p, device, tokens);
  vf_ranks_add_outside(s, device, VF_PART_RUNTIME, "cuda_context", b->device.context,
                       "there before");
  vf_ranks_set_budget(s, device, vf_ranks_total(&b->device), budget.bytes);
  vf_ranks_set_pool(s, device, pool, tokens);
  if (tokens == 0) {
    s->e->refused = true;
    s->w->starts = false;
  }
}

static vf_status estimate(vf_estimate *e, const vf_request *request, vf_error *err) {
  plan p = {
      .s = {.e = e, .model = e->model, .request = request, .w = &e->workload, .name = "SGLang"}};
  vf_status status = resolve(&p, err);
  if (status != VF_OK) return status;
  for (uint32_t stage = 0; stage < p.s.pp; stage++) {
    set_shard(&p, stage);
    uint32_t tp = p.s.tp;
    p.s.tp = tp / p.attention_dp; /* the cache is cut as attention is */
    p.cell = vf_ranks_cell_of(&p.s);
    p.s.tp = tp;
    for (uint32_t i = 0; i < p.s.dp * p.s.tp; i++)
      add_rank(&p, vf_ranks_device(&p.s, i / p.s.tp, stage, i % p.s.tp));
  }
  if (p.attention_dp > 1) e->workload.max_concurrency_x100 *= p.attention_dp;
  vf_ranks_assume(&p.s, NULL, NULL);
  return VF_OK;
}

static bool knows(const char *version) {
  uint32_t v = vf_ranks_version(version);
  return v != 0 && v < 6000;
}

static const char *const aliases[] = {"sgl", NULL};

static const char *const ladder[] = {"BF16", "fp8", "awq", NULL};

const vf_engine vf_engine_sglang = {
    .name = "sglang",
    .aliases = aliases,
    .dialect = &vf_dialect_sglang,
    .version = "v0.5.9",
    .checked = "2026-07-13",
    .quants = vf_ranks_quants,
    .max_seqs = MAX_RUNNING,
    .ladder = ladder,
    .pools = true,
    .knows = knows,
    .decodes = VF_DECODES_GRAPHS,
    .estimate = estimate,
    .explain = vf_ranks_explain,
};
