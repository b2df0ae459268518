/* tensorrt_llm.c - TensorRT-LLM's PyTorch backend: a share of what is free after loading.
 *
 * _torch/pyexecutor/_util.py (_cal_max_memory, configure_kv_cache_capacity) and
 * llmapi/llm_args.py, files of 2025-12 to 2026.  A request is admitted only if its whole length
 * fits (GUARANTEED_NO_EVICT), so the demand is that of whole blocks. */
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "engines/engine.h"
#include "engines/ranks.h"

enum { NEWEST = 1002000 /* as vf_ranks_version() counts */ };

enum {
  BLOCK_TOKENS = 32,
  MAX_TOKENS = 8192,
  MAX_BATCH = 2048,
  FRACTION_PPM = 900000,
};

static const char *const checkpoints[] = {"tensorrt-llm", "awq",          "gptq",  "fp8",
                                          "modelopt",     "modelopt_fp4", "mxfp4", NULL};

static const vf_kernel_rules kernels = {"TensorRT-LLM", checkpoints, false, true};

typedef struct plan {
  vf_ranks s;
  uint32_t fraction_ppm;
  vf_ranks_cell cell;
} plan;

static vf_status resolve(plan *p, vf_error *err) {
  vf_ranks *s = &p->s;
  const vf_request *r = s->request;
  vf_status status = vf_ranks_begin(s, NEWEST, err);
  if (status == VF_OK) status = vf_ranks_check(s, &kernels, err);
  if (status != VF_OK) return status;
  vf_ranks_formats(s, VF_FORMAT_NONE);
  s->batch_tokens = r->max_num_batched_tokens != 0 ? r->max_num_batched_tokens : MAX_TOKENS;
  p->fraction_ppm = r->memory_fraction_ppm != 0 ? r->memory_fraction_ppm : FRACTION_PPM;
  s->w->memory_fraction_ppm = p->fraction_ppm;
  s->w->max_num_batched_tokens = s->w->ubatch_tokens = s->batch_tokens;
  s->w->max_num_seqs = r->max_num_seqs != 0 ? r->max_num_seqs : MAX_BATCH;
  s->w->block_size = r->block_size != 0 ? r->block_size : BLOCK_TOKENS;
  if ((s->w->seqs + s->dp - 1) / s->dp > s->w->max_num_seqs) s->e->refused = true;
  return VF_OK;
}

/* moe_expert_parallel_size of the tp ranks share the list, the others the experts. */
static void set_shard(plan *p, uint32_t stage) {
  vf_ranks *s = &p->s;
  uint32_t ep = s->request->ep > 1 ? s->request->ep : 1;
  s->shard = (vf_shard){.tp = s->tp,
                        .expert_tp = vf_max_u32(s->tp / ep, 1),
                        .expert_ranks = s->ep,
                        .vocab_multiple = 64,
                        .number_bytes = s->number_bytes};
  vf_shard_stage(&s->shard, s->model, VF_STAGE_FIRST, s->pp, stage);
  p->cell = vf_ranks_cell_of(s);
}

/* A window has a pool of its own (VSWA), which holds the window and the chunk in flight. */
static uint64_t request_bytes(const plan *p) {
  const vf_workload *w = p->s.w;
  uint64_t block = w->block_size, length = (w->requested_ctx_tokens + block - 1) / block * block;
  uint64_t window = vf_min_u64(length, (p->cell.window_tokens + block - 1) / block * block + block);
  uint64_t full, windows, sum = 0;
  if (!vf_mul(&full, length, p->cell.full_bytes) ||
      !vf_mul(&windows, window, p->cell.window_bytes) || !vf_add(&sum, full, windows) ||
      !vf_add(&sum, sum, p->cell.state_bytes))
    p->s.e->overflow = true;
  return sum;
}

static uint64_t token_bytes(const plan *p) {
  uint64_t per_request = request_bytes(p);
  return vf_max_u64(per_request / p->s.w->requested_ctx_tokens, 1);
}

static void add_demand(plan *p, uint32_t device) {
  vf_ranks *s = &p->s;
  uint64_t seqs = (s->w->seqs + s->dp - 1) / s->dp, all, states;
  if (!vf_mul(&all, seqs, request_bytes(p)) || !vf_mul(&states, seqs, p->cell.state_bytes)) {
    s->e->overflow = true;
    return;
  }
  vf_ranks_add(s, device, VF_PART_KV_CACHE, "kv_cache", vf_exactly(all - states), VF_BASIS_EXACT,
               "whole blocks of every request");
  vf_ranks_add(s, device, VF_PART_STATE, "recurrent_state", vf_exactly(states), VF_BASIS_EXACT,
               "one slot per request");
}

/* The dummy run before the cache is made: context-heavy requests, and logits of a batch. */
static vf_interval peak_bytes(const plan *p) {
  const vf_ranks *s = &p->s;
  uint64_t forward = vf_ranks_forward_bytes(s, s->batch_tokens);
  uint64_t rows = vf_min_u64(s->w->max_num_seqs, s->batch_tokens);
  uint64_t logits = s->shard.last ? rows * s->model->n_vocab * 6 : 0;
  uint64_t peak = vf_max_u64(forward, logits);
  return (vf_interval){peak - peak / 3, peak, peak + peak / 2};
}

/* Total memory in use counts, so context, NCCL and graphs do. */
static void add_rest(plan *p, uint32_t device) {
  vf_ranks *s = &p->s;
  const vf_device *d = &s->e->devices[device].device;
  vf_interval links = {0, 0, 0};
  if (s->tp > 1) links = (vf_interval){300 * VF_MIB, 1200 * VF_MIB, 2700 * VF_MIB};
  vf_ranks_add(s, device, VF_PART_COMPUTE, "activation", peak_bytes(p), VF_BASIS_MODELLED,
               "peak of the dummy run");
  if (!s->request->enforce_eager)
    vf_ranks_add(s, device, VF_PART_COMPUTE, "cuda_graphs",
                 (vf_interval){100 * VF_MIB, 500 * VF_MIB, 1500 * VF_MIB}, VF_BASIS_MODELLED, "");
  vf_ranks_add(s, device, VF_PART_RUNTIME, "cuda_context", d->context, VF_BASIS_ASSUMED,
               "context, libraries");
  vf_ranks_add(s, device, VF_PART_RUNTIME, "non_torch", links, VF_BASIS_MODELLED, "NCCL");
}

/* The rest of what is free stays so: (1 - fraction) of it. */
static void set_pool(plan *p, uint32_t device) {
  vf_ranks *s = &p->s;
  vf_device_budget *b = &s->e->devices[device];
  uint64_t cache = b->part_bytes[VF_PART_KV_CACHE] + b->part_bytes[VF_PART_STATE];
  uint64_t total = vf_ranks_total(&b->device), taken[3], pool[3];
  taken[0] = b->need.high_bytes - cache + b->device.used_bytes;
  taken[1] = b->need.bytes - cache + b->device.used_bytes;
  taken[2] = b->need.low_bytes - cache + b->device.used_bytes;
  for (int i = 0; i < 3; i++)
    pool[i] = total > taken[i] ? vf_shard_part(total - taken[i], p->fraction_ppm, 1000000) : 0;
  if (s->request->kv_cache_memory_bytes != 0)
    for (int i = 0; i < 3; i++) pool[i] = vf_min_u64(pool[i], s->request->kv_cache_memory_bytes);
  vf_ranks_set_budget(s, device, total,
                      vf_min_u64(taken[1] - b->device.used_bytes + pool[1], total));
  uint64_t tokens = pool[1] / token_bytes(p) / s->w->block_size * s->w->block_size;
  vf_ranks_set_pool(s, device, (vf_interval){pool[0], pool[1], pool[2]}, tokens);
  if (pool[1] < request_bytes(p)) s->w->starts = false;
}

static vf_status estimate(vf_estimate *e, const vf_request *request, vf_error *err) {
  plan p = {.s = {.e = e,
                  .model = e->model,
                  .request = request,
                  .w = &e->workload,
                  .name = "TensorRT-LLM"}};
  vf_status status = resolve(&p, err);
  for (uint32_t stage = 0; status == VF_OK && stage < p.s.pp; stage++) {
    set_shard(&p, stage);
    for (uint32_t i = 0; i < p.s.dp * p.s.tp; i++) {
      uint32_t device = vf_ranks_device(&p.s, i / p.s.tp, stage, i % p.s.tp);
      vf_ranks_add_weights(&p.s, device, true, true);
      add_rest(&p, device);
      add_demand(&p, device);
      if (!e->overflow && e->devices[device].device.total_known) set_pool(&p, device);
    }
  }
  if (status == VF_OK) vf_ranks_assume(&p.s, NULL, NULL);
  return status;
}

static bool knows(const char *version) {
  uint32_t v = vf_ranks_version(version);
  return v >= 1 && v < 2000000;
}

static const char *const aliases[] = {"tensorrt_llm", "trtllm", "trt-llm", "trtllm-serve", NULL};

static const char *const ladder[] = {"BF16", "fp8", "modelopt-nvfp4", NULL};

const vf_engine vf_engine_tensorrt_llm = {
    .name = "tensorrt-llm",
    .aliases = aliases,
    .dialect = &vf_dialect_tensorrt_llm,
    .version = "1.2",
    .checked = "2026-06-01",
    .quants = vf_ranks_quants,
    .max_seqs = MAX_BATCH * 8,
    .ladder = ladder,
    .pools = true,
    .knows = knows,
    .decodes = VF_DECODES_GRAPHS,
    .estimate = estimate,
    .explain = vf_ranks_explain,
};
