/* vllm.c - vLLM: versions, defaults, the budget of a rank, and the pool that fills it.
 *
 * The budget (v1/worker/utils.py:444, gpu_worker.py:475-626): the engine takes a share of what CUDA
 * reports as the total; what weights, buffers and the peak of a profile run leave of it becomes one
 * pool of cache blocks.  The CUDA context and, on older releases, the graphs are not charged: they
 * live in the rest of the memory. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "core/format.h"
#include "engines/engine.h"
#include "engines/vllm/vllm.h"

/* engine/arg_utils.py:2561-2652: by the size of the GPU, an A100 counting as a small one. */
static void resolve_batch(vf_vllm_plan *p) {
  const vf_device *d = &p->r.e->devices[0].device;
  const vf_request *r = p->r.request;
  bool old = p->rules.whole_prompts;
  bool told =
      d->kind != VF_DEVICE_UNIFIED; /* NVML tells no memory of GB10: a small GPU's defaults */
  bool large = told && d->total_bytes >= 70 * VF_GIB && d->compute_capability != 80 && !old;
  uint32_t seqs = large ? p->rules.seqs_of_70_gib : 256, tokens = large ? 8192 : 2048;
  if (told && d->total_bytes >= 160 * VF_GIB && p->rules.batch_of_160_gib != 0)
    tokens = p->rules.batch_of_160_gib;
  if (old && p->r.w->requested_ctx_tokens > tokens)
    tokens = (uint32_t)vf_min_u64(p->r.w->requested_ctx_tokens, UINT32_C(1) << 24);
  uint32_t per_replica = (p->r.w->seqs + p->r.dp - 1) / p->r.dp;
  p->r.batch_tokens = r->max_num_batched_tokens != 0 ? r->max_num_batched_tokens : tokens;
  p->max_seqs = r->max_num_seqs != 0 ? r->max_num_seqs : vf_max_u32(seqs, per_replica);
  if (p->max_seqs > p->r.batch_tokens) p->max_seqs = p->r.batch_tokens;
  if (per_replica <= p->max_seqs) return;
  vf_ranks_crowd(&p->r, p->max_seqs * p->r.dp);
}

static void fill_workload(vf_vllm_plan *p) {
  vf_workload *w = p->r.w;
  w->ubatch_tokens = p->r.batch_tokens;
  w->output_rows = p->max_seqs;
  w->ep = vf_vllm_whole_experts(p) ? p->r.tp * p->r.dp : 1;
  w->max_num_seqs = p->max_seqs;
  w->max_num_batched_tokens = p->r.batch_tokens;
  w->memory_fraction_ppm = p->r.request->memory_fraction_ppm != 0
                               ? p->r.request->memory_fraction_ppm
                               : p->rules.utilization_permille * 1000;
}

static vf_status resolve(vf_vllm_plan *p, vf_error *err) {
  vf_status status = vf_ranks_begin(&p->r, VF_VLLM_NEWEST, err);
  if (status != VF_OK) return status;
  p->rules = vf_vllm_rules_of(p->r.version);
  status = vf_vllm_admit(p, err);
  if (status != VF_OK) return status;
  p->spec_tokens = p->r.request->spec_tokens;
  p->eager = p->r.request->enforce_eager;
  p->recurrent = vf_ranks_has_mixer(p->r.model, VF_MIX_RECURRENT);
  p->new_runner = p->rules.dense_runner_v2 && !p->r.moe && !p->recurrent;
  resolve_batch(p);
  /* --kv-cache-dtype auto: keys of several tokens take 8 bits, and sparse latent attention did so
   * once, and does on GeForce Blackwell (flashinfer_mla_sparse.py: get_kv_cache_shape) */
  uint32_t cc = p->r.e->devices[0].device.compute_capability;
  bool sparse = vf_vllm_compresses(p->r.model) ||
                (vf_vllm_sparse(p->r.model) && (p->rules.sparse_auto_narrow || cc / 10 == 12));
  vf_ranks_formats(&p->r, sparse ? VF_FORMAT_F8_E4M3 : VF_FORMAT_NONE);
  fill_workload(p);
  return VF_OK;
}

/* v1/worker/utils.py:450: the share must be free before anything is loaded. */
static void refuse_for_lack(vf_vllm_plan *p) {
  if (!p->r.told)
    vf_estimate_refuse(p->r.e, "does-not-start",
                       "vLLM refuses to start: less memory is free than its share "
                       "(--gpu-memory-utilization)");
  p->r.told = true;
}

/* The share, or all that is free where the pool has a size of its own. */
static uint64_t find_budget(vf_vllm_plan *p, uint32_t device) {
  const vf_device *d = &p->r.e->devices[device].device;
  uint64_t total = vf_ranks_total(d), taken = d->used_bytes + d->context.bytes;
  uint64_t budget = vf_shard_part(total, p->r.w->memory_fraction_ppm, 1000000);
  if (d->kind == VF_DEVICE_UNIFIED) taken += d->reserved_bytes;
  if (vf_vllm_given_pool(p) != 0) return total > taken ? total - taken : 0;
  if (total < taken || total - taken < budget) refuse_for_lack(p);
  return budget;
}

/* What weights and the peak leave of the budget. */
static void find_pool_bytes(vf_vllm_plan *p, uint32_t device) {
  vf_device_budget *b = &p->r.e->devices[device];
  uint64_t cache = b->part_bytes[VF_PART_KV_CACHE] + b->part_bytes[VF_PART_STATE];
  uint64_t fixed = vf_vllm_given_pool(p);
  vf_ranks_set_budget(&p->r, device, vf_ranks_total(&b->device), find_budget(p, device));
  if (!b->device.total_known) return;
  b->has_pool = true;
  b->pool = vf_ranks_pool_of(&p->r, device, vf_exactly(vf_device_capacity(&b->device)));
  if (b->device.kind == VF_DEVICE_UNIFIED)
    b->pool.high_bytes = vf_min_u64(b->pool.high_bytes + p->rules.unified_noise_mib * VF_MIB,
                                    vf_device_capacity(&b->device));
  if (fixed == 0) return;
  b->pool = vf_exactly(fixed);
  if (cache > fixed)
    vf_estimate_crowd(
        p->r.e, "pool-too-small",
        "the cache is given less than these requests fill: vLLM starts if one of them "
        "fits, and the others wait");
}

/* A stage without caches sets no limit. */
static uint64_t blocks_of(const vf_vllm_plan *p, uint64_t bytes) {
  return p->pool.block_bytes != 0 ? bytes / p->pool.block_bytes : UINT64_MAX;
}

/* What is left at least, and meets the headroom target. */
static uint64_t sure_blocks_of(const vf_vllm_plan *p, const vf_device_budget *b) {
  uint64_t cache = b->part_bytes[VF_PART_KV_CACHE] + b->part_bytes[VF_PART_STATE];
  uint64_t taken = b->need.high_bytes - cache + b->device.headroom_bytes;
  uint64_t capacity = vf_device_capacity(&b->device), given = vf_vllm_given_pool(p);
  return blocks_of(p, given != 0 ? given : capacity > taken ? capacity - taken : 0);
}

/* kv_cache_utils.py:917-940, 1854-1880; older releases divided the blocks by the groups. */
static uint64_t logged_tokens(const vf_vllm_plan *p, uint64_t blocks) {
  uint64_t n = p->pool.request_blocks;
  uint64_t ranks = vf_max_u32(p->r.request->dcp, 1);
  if (!p->rules.logs_concurrency) return blocks / p->pool.n_groups * p->pool.least_tokens * ranks;
  if (n == 0) return 0;
  return blocks / n * p->r.w->requested_ctx_tokens + blocks % n * p->r.w->requested_ctx_tokens / n;
}

static uint64_t concurrency_x100(const vf_vllm_plan *p, uint64_t blocks) {
  uint64_t n = p->pool.request_blocks;
  return n == 0 ? 0 : (blocks * 200 + n) / (2 * n) * p->r.dp;
}

/* Requests beyond what the pool holds wait, or are preempted: the engine starts all the same. */
static void tell_queue(vf_vllm_plan *p, uint64_t held) {
  const vf_workload *w = p->r.w;
  if (!w->starts || held >= w->seqs) return;
  vf_estimate_assume_that(p->r.e, "requests-wait",
                          "vLLM starts: its pool holds %" PRIu64 " of the %" PRIu32
                          " requests at once, the others wait%s",
                          held, w->seqs,
                          w->real_ctx_tokens == 0 ? " (--avg-ctx: how long they really are)" : "");
}

/* Whether so many blocks are enough for a request of the full length, as a start counts it. */
static bool holds_one(const vf_vllm_plan *p, uint64_t blocks) {
  uint64_t need = 0, has = 0;
  if (!vf_mul(&need, p->pool.request_blocks, p->pool.need_bytes)) return false;
  return !vf_mul(&has, blocks, p->pool.block_bytes) || has >= need;
}

/* All ranks use as many blocks as the one with the fewest. */
static void tell_capacity(vf_vllm_plan *p, uint64_t blocks, uint64_t most_blocks) {
  p->r.w->block_size = p->pool.least_tokens;
  p->r.w->starts = !p->r.e->refused;
  if (blocks == UINT64_MAX || !p->r.e->devices[0].has_pool) return;
  uint64_t tokens = logged_tokens(p, blocks);
  for (size_t i = 0; i + 1 < p->r.e->n_devices; i++) {
    p->r.e->devices[i].pool_tokens = tokens;
    p->r.e->devices[i].pool_blocks = blocks;
  }
  p->r.w->max_concurrency_x100 = concurrency_x100(p, blocks);
  p->r.w->most_concurrency_x100 = concurrency_x100(p, most_blocks);
  p->r.w->starts &= holds_one(p, blocks);
  uint64_t states, real = vf_vllm_request_blocks(p, vf_ranks_lengths(&p->r).bytes, &states);
  if (p->r.w->real_ctx_tokens != 0 && real != 0)
    p->r.w->real_concurrency_x100 = (blocks * 200 + real) / (2 * real) * p->r.dp;
  tell_queue(p, real != 0 ? blocks / real * p->r.dp : UINT64_MAX);
}

/* config/compilation.py, resolve_cudagraph_mode_and_sizes: graphs of decoding take a state's block
 * for each request that may run. */
static void check_state_blocks(vf_vllm_plan *p, uint64_t blocks) {
  if (!p->rules.state_blocks_checked || p->eager || p->pool.state_blocks == 0) return;
  if (p->max_seqs <= blocks || !p->r.e->devices[0].has_pool) return;
  vf_estimate_refuse(p->r.e, "too-few-state-blocks",
                     "vLLM refuses to start: max_num_seqs (%" PRIu32
                     ") exceeds available Mamba cache blocks (about %" PRIu64
                     "): lower --max-num-seqs to that, or raise --gpu-memory-utilization",
                     p->max_seqs, blocks);
  p->r.told = true;
}

static void add_rank(vf_vllm_plan *p, uint32_t device) {
  vf_terms_add(&p->r, device, false);
  if (!p->r.e->overflow) find_pool_bytes(p, device);
}

/* The stage of a device, and its pool. */
static vf_status stand_at_stage(vf_vllm_plan *p, uint32_t stage, vf_error *err) {
  vf_vllm_shard(p, stage);
  return vf_vllm_find_pool(p, err);
}

static void stand(vf_ranks *r, uint32_t device) {
  vf_error err;
  if (stand_at_stage((vf_vllm_plan *)r, device / r->tp % r->pp, &err) != VF_OK)
    r->e->overflow = true; /* it was found before */
}

static vf_status add_ranks(vf_vllm_plan *p, vf_error *err) {
  uint64_t blocks = UINT64_MAX, most = UINT64_MAX;
  vf_status status = VF_OK;
  p->sure_blocks = UINT64_MAX;
  for (uint32_t stage = 0; stage < p->r.pp && status == VF_OK; stage++) {
    status = stand_at_stage(p, stage, err);
    if (status != VF_OK) return status;
    for (uint32_t i = 0; i < p->r.dp * p->r.tp; i++) {
      uint32_t device = vf_ranks_device(&p->r, i / p->r.tp, stage, i % p->r.tp);
      add_rank(p, device);
      blocks = vf_min_u64(blocks, blocks_of(p, p->r.e->devices[device].pool.bytes));
      most = vf_min_u64(most, blocks_of(p, p->r.e->devices[device].pool.high_bytes));
      p->sure_blocks = vf_min_u64(p->sure_blocks, sure_blocks_of(p, &p->r.e->devices[device]));
    }
  }
  p->blocks = blocks;
  if (status == VF_OK) check_state_blocks(p, blocks);
  if (status == VF_OK) tell_capacity(p, blocks, most);
  return status;
}

static void add_assumptions(vf_vllm_plan *p) {
  vf_estimate *e = p->r.e;
  const vf_request *r = p->r.request;
  p->r.told |= e->refused;
  vf_ranks_assume(&p->r,
                  "the newest vLLM that is known (--engine vllm@0.19 names another): memory "
                  "differs much between versions",
                  "vLLM refuses to start: the cache that is left is too small for one request "
                  "of that length");
  if (p->rules.gguf_plugin && e->model->checkpoint[0] == '\0' &&
      strcmp(e->model->quant, "BF16") != 0 && strcmp(e->model->quant, "F16") != 0 &&
      strcmp(e->model->quant, "F32") != 0)
    vf_estimate_assume(e, "gguf-plugin", "GGUF formats need a plugin since June 2026");
  if (p->rules.bitsandbytes_plugin && strcmp(e->model->checkpoint, "bitsandbytes") == 0)
    vf_estimate_assume(e, "bitsandbytes-plugin", "bitsandbytes needs a plugin since August 2026");
  if (r->spec_tokens != 0 && r->draft == NULL && vf_vllm_mtp_layers(p->r.model) == 0)
    vf_estimate_assume(e, "no-prediction-layers",
                       "the model's description has no layer that proposes tokens: one like its "
                       "last layer with attention is counted");
  if (e->devices[0].device.backend == VF_BACKEND_ROCM)
    vf_estimate_assume(e, "backend-cuda-rules",
                       "activations and graphs follow what was measured on CUDA");
}

/* The longest context of which one request fits so many blocks. */
static uint64_t longest(const vf_vllm_plan *p, uint64_t blocks) {
  uint64_t low = 0, high = p->r.w->requested_ctx_tokens, states;
  while (low < high) {
    uint64_t middle = high - (high - low) / 2;
    if (vf_vllm_request_blocks(p, middle, &states) <= blocks)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

static vf_status run(vf_vllm_plan *p, vf_error *err) {
  vf_status status = resolve(p, err);
  if (status == VF_OK) status = vf_vllm_check(p, err);
  if (status == VF_OK) status = add_ranks(p, err);
  return status;
}

/* Of devices that nothing has been taken from yet; the first assumptions stand where they stood. */
static vf_status run_again(vf_vllm_plan *p, const vf_device *devices, size_t n_assumed,
                           uint64_t tokens, vf_error *err) {
  vf_estimate *e = p->r.e;
  vf_request asked = *p->r.request;
  vf_workload fresh = {.engine = p->r.w->engine, .engine_version = p->r.w->engine_version};
  for (size_t i = 0; i < e->n_devices; i++) e->devices[i].device = devices[i];
  vf_estimate_restart(e, p->r.model);
  e->n_assumptions = n_assumed;
  *p->r.w = fresh;
  asked.ctx_tokens = tokens;
  vf_vllm_plan again = {
      .r = {.e = e, .model = p->r.model, .request = &asked, .w = p->r.w, .name = p->r.name}};
  vf_status status = run(&again, err);
  again.r.request = p->r.request;
  *p = again;
  return status;
}

/* --max-model-len auto (kv_cache_utils.py:1982): the model's limit, and if the cache cannot hold
 * it, what it can: as much as it holds in every case, where that is anything. */
static vf_status run_lowered(vf_vllm_plan *p, const vf_device *devices, vf_error *err) {
  vf_estimate *e = p->r.e;
  size_t assumed = e->n_assumptions;
  vf_status status = run(p, err);
  if (status != VF_OK || e->refused || e->overflow) return status;
  uint64_t whole = p->r.w->requested_ctx_tokens, likely = longest(p, p->blocks);
  uint64_t sure = longest(p, p->sure_blocks), tokens = sure != 0 ? sure : likely;
  if (tokens == 0 || tokens == whole) return VF_OK;
  status = run_again(p, devices, assumed, tokens, err);
  if (sure != 0)
    vf_estimate_assume_that(e, "ctx-fitted",
                            "--max-model-len auto: the context is lowered to what the cache holds, "
                            "%" PRIu64 " tokens at least and some %" PRIu64,
                            tokens, likely);
  else
    vf_estimate_assume_that(e, "ctx-fitted",
                            "--max-model-len auto: the context is lowered to some %" PRIu64
                            " tokens, which the cache is expected to hold",
                            tokens);
  return status;
}

static vf_status run_fitted(vf_vllm_plan *p, vf_error *err) {
  vf_estimate *e = p->r.e;
  const vf_allocator *a = &e->allocator;
  vf_device *devices = a->alloc(a->user, e->n_devices * sizeof *devices);
  if (devices == NULL) return vf_fail_nomem(err);
  for (size_t i = 0; i < e->n_devices; i++) devices[i] = e->devices[i].device;
  vf_status status = run_lowered(p, devices, err);
  a->free(a->user, devices);
  return status;
}

static vf_status estimate(vf_estimate *e, const vf_request *request, vf_error *err) {
  vf_vllm_plan p = {
      .r = {.e = e, .model = e->model, .request = request, .w = &e->workload, .name = "vLLM"}};
  bool fits = request->ctx_fits && request->ctx_tokens == 0;
  vf_status status = fits ? run_fitted(&p, err) : run(&p, err);
  if (status != VF_OK) return status;
  add_assumptions(&p);
  vf_plan_keep(&p.r, sizeof p);
  return VF_OK;
}

static vf_status check_version(const char *version, vf_error *err) {
  uint32_t v = vf_ranks_version(version);
  if (v == 0 || v >= VF_VLLM_OLDEST) return VF_OK;
  return vf_fail(err, VF_UNSUPPORTED, "vLLM %s is older than what is known: 0.6 is the oldest",
                 version);
}

static const char *const aliases[] = {"vllm-serve", NULL};

/* What vLLM's users mean by a short name. */
static const vf_quant_alias quants[] = {
    {"fp16", "F16"},      {"half", "F16"},     {"float16", "F16"},
    {"bfloat16", "BF16"}, {"fp32", "F32"},     {"float32", "F32"},
    {"float", "F32"},     {"q4", "awq"},       {"4bit", "awq"},
    {"int4", "w4a16"},    {"w4a16", "w4a16"},  {"q8", "fp8"},
    {"8bit", "fp8"},      {"bnb", "bnb-4bit"}, {"nvfp4", "modelopt-nvfp4"},
    {NULL, NULL},
};

static const char *const ladder[] = {"BF16", "fp8", "awq", NULL};

const vf_engine vf_engine_vllm = {
    .name = "vllm",
    .aliases = aliases,
    .dialect = &vf_dialect_vllm,
    .version = "v0.28",
    .checked = "2026-08-17",
    .quants = quants,
    .max_seqs = VF_MAX_SEQS,
    .ladder = ladder,
    .pools = true,
    .fits_ctx = true,
    .knows = vf_vllm_knows,
    .check = check_version,
    .decodes = VF_DECODES_GRAPHS,
    .estimate = estimate,
    .terms = vf_vllm_terms,
    .stand = stand,
    .explain = vf_terms_explain,
};
