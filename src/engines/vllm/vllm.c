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

enum { NEWEST = 28 }; /* main behind v0.27.1 */

/* ---- Versions --------------------------------------------------------------------------- */

/* Sampler constants: <= v0.16 measured 38.9 to 41, v0.17 on 14.8 to 15.5 bytes per logit; the V2
 * runner's are by reading.  Outside of torch: llm-d-planner#205 and logs of the releases. */
static const vf_vllm_rules rules[] = {
    {.since = 0,
     .utilization_permille = 900,
     .sampler_x10 = {385, 392, 410},
     .alone_mib = {25, 90, 180},
     .linked_mib = {200, 1410, 2700}},
    {.since = 10,
     .utilization_permille = 900,
     .sampler_x10 = {385, 390, 410},
     .alone_mib = {25, 80, 180},
     .linked_mib = {1000, 1410, 2700},
     .groups = true},
    {.since = 11,
     .utilization_permille = 900,
     .sampler_x10 = {385, 390, 410},
     .alone_mib = {60, 133, 300},
     .linked_mib = {1400, 2120, 2700},
     .groups = true,
     .workspaces_stay = true},
    {.since = 17,
     .utilization_permille = 900,
     .sampler_x10 = {147, 153, 157},
     .alone_mib = {60, 133, 300},
     .linked_mib = {1400, 2120, 2700},
     .groups = true,
     .workspaces_stay = true},
    {.since = 18,
     .utilization_permille = 900,
     .sampler_x10 = {147, 153, 157},
     .alone_mib = {230, 256, 480},
     .linked_mib = {1400, 2120, 2700},
     .groups = true,
     .workspaces_stay = true},
    {.since = 21,
     .utilization_permille = 920,
     .sampler_x10 = {147, 153, 157},
     .alone_mib = {230, 256, 480},
     .linked_mib = {1400, 2120, 2700},
     .groups = true,
     .groups_any_heads = true,
     .workspaces_stay = true,
     .state_aligned = true,
     .logs_concurrency = true,
     .graphs = VF_VLLM_GRAPHS_CHARGED},
    {.since = 26,
     .utilization_permille = 920,
     .sampler_x10 = {147, 153, 157},
     .alone_mib = {230, 256, 480},
     .linked_mib = {1400, 2120, 2700},
     .groups = true,
     .groups_any_heads = true,
     .workspaces_stay = true,
     .state_aligned = true,
     .logs_concurrency = true,
     .in_flight_twice = true,
     .new_runner = true,
     .graphs = VF_VLLM_GRAPHS_CHARGED},
};
enum { N_RULES = sizeof rules / sizeof *rules };

/* "0.19.0", "v0.8.5.post1": the minor version; false for anything else. */
static bool minor_version(const char *text, uint32_t *minor) {
  unsigned major, n;
  if (text == NULL) return false;
  if (*text == 'v' || *text == 'V') text++;
  if (sscanf(text, "%2u.%3u", &major, &n) != 2) return false;
  *minor = major == 0 ? n : 999;
  return true;
}

const vf_vllm_rules *vf_vllm_rules_of(const char *version, uint32_t *minor, bool *known) {
  size_t i = N_RULES - 1;
  *minor = NEWEST;
  *known = minor_version(version, minor);
  while (i > 0 && rules[i].since > *minor) i--;
  return &rules[i];
}

static bool knows(const char *version) {
  uint32_t minor;
  return minor_version(version, &minor) && minor <= NEWEST;
}

/* ---- Settings --------------------------------------------------------------------------- */

static bool has_mixer(const vf_model *m, uint32_t mixers) {
  for (uint32_t i = 0; i < m->n_layers; i++)
    if (m->layers[i].mixers & mixers) return true;
  return false;
}

static vf_status resolve_ranks(vf_vllm_plan *p, vf_error *err) {
  const vf_request *r = p->request;
  uint32_t gpus = (uint32_t)p->e->n_devices - 1;
  p->pp = r->pp != 0 ? r->pp : 1;
  p->dp = r->dp != 0 ? r->dp : 1;
  p->tp = r->tp != 0 ? r->tp : vf_max_u32(gpus / p->pp / p->dp, 1);
  if ((uint64_t)p->tp * p->pp * p->dp == gpus) return VF_OK;
  return vf_fail(err, VF_USAGE,
                 "tp %" PRIu32 " × pp %" PRIu32 " × dp %" PRIu32
                 " is not the number of GPUs, which is %" PRIu32,
                 p->tp, p->pp, p->dp, gpus);
}

/* engine/arg_utils.py:2561-2652: by the size of the GPU, an A100 counting as a small one. */
static void resolve_batch(vf_vllm_plan *p) {
  const vf_device *d = &p->e->devices[0].device;
  const vf_request *r = p->request;
  bool old = p->minor < 8; /* V0: prompts whole, 256 requests */
  bool large = d->total_bytes >= 70 * VF_GIB && d->compute_capability != 80 && !old;
  uint32_t seqs = large && p->minor > 8 ? 1024 : 256, tokens = large ? 8192 : 2048;
  if (p->minor >= 28 && d->total_bytes >= 160 * VF_GIB) tokens = 16384; /* since 2026-08-11 */
  if (old && p->w->requested_ctx_tokens > tokens)
    tokens = (uint32_t)vf_min_u64(p->w->requested_ctx_tokens, UINT32_C(1) << 24);
  uint32_t per_replica = (p->w->seqs + p->dp - 1) / p->dp;
  p->batch_tokens = r->max_num_batched_tokens != 0 ? r->max_num_batched_tokens : tokens;
  p->max_seqs = r->max_num_seqs != 0 ? r->max_num_seqs : vf_max_u32(seqs, per_replica);
  if (p->max_seqs > p->batch_tokens) p->max_seqs = p->batch_tokens;
  if (per_replica <= p->max_seqs) return;
  p->e->refused = true;
  vf_estimate_assume(p->e, "too-many-seqs", "--seqs is more than --max-num-seqs lets run at once");
}

static vf_status resolve_length(vf_vllm_plan *p, vf_error *err) {
  vf_workload *w = p->w;
  w->requested_ctx_tokens =
      p->request->ctx_tokens != 0 ? p->request->ctx_tokens : p->model->max_ctx_tokens;
  w->ctx_tokens = w->requested_ctx_tokens;
  w->seqs = p->request->seqs != 0 ? p->request->seqs : 1;
  if (w->ctx_tokens == 0)
    return vf_fail(err, VF_USAGE, "the model states no context length: give one with --ctx");
  if (w->ctx_tokens > UINT64_C(1) << 40)
    return vf_fail(err, VF_LIMIT, "a context of more than 2^40 tokens is no plan");
  return VF_OK;
}

/* --kv-cache-dtype auto is the model's own type; models with a sparse index take 8 bits. */
static void resolve_cache_formats(vf_vllm_plan *p) {
  bool index = false;
  for (size_t i = 0; i < p->model->n_caches; i++)
    index |= p->model->caches[i].kind == VF_CACHE_INDEXER;
  vf_format own = p->number_bytes == 4                    ? VF_FORMAT_F32
                  : p->model->own_format == VF_FORMAT_F16 ? VF_FORMAT_F16
                                                          : VF_FORMAT_BF16;
  if (index) own = VF_FORMAT_F8_E4M3;
  p->w->kv_k = p->request->kv_k != VF_FORMAT_NONE ? p->request->kv_k : own;
  p->w->kv_v = p->request->kv_v != VF_FORMAT_NONE ? p->request->kv_v : p->w->kv_k;
}

static void fill_workload(vf_vllm_plan *p) {
  vf_workload *w = p->w;
  w->ubatch_tokens = p->batch_tokens;
  w->output_rows = p->max_seqs;
  w->flash_attn = true;
  w->tp = p->tp;
  w->pp = p->pp;
  w->dp = p->dp;
  w->ep = vf_vllm_whole_experts(p) ? p->tp * p->dp : 1;
  w->max_num_seqs = p->max_seqs;
  w->max_num_batched_tokens = p->batch_tokens;
  w->memory_fraction_ppm = p->request->memory_fraction_ppm != 0
                               ? p->request->memory_fraction_ppm
                               : p->rules->utilization_permille * 1000;
}

static vf_status resolve(vf_vllm_plan *p, vf_error *err) {
  bool known;
  p->rules = vf_vllm_rules_of(p->e->version, &p->minor, &known);
  p->spec_tokens = p->request->spec_tokens;
  p->eager = p->request->enforce_eager;
  p->moe = vf_model_has_experts(p->model);
  p->recurrent = has_mixer(p->model, VF_MIX_RECURRENT);
  p->new_runner = p->rules->new_runner && !p->moe && !p->recurrent;
  p->number_bytes = strcmp(p->model->quant, "F32") == 0 ? 4 : 2;
  vf_status status = resolve_length(p, err);
  if (status == VF_OK) status = resolve_ranks(p, err);
  if (status != VF_OK) return status;
  resolve_batch(p);
  resolve_cache_formats(p);
  fill_workload(p);
  return VF_OK;
}

/* ---- A rank's lines --------------------------------------------------------------------- */

static uint32_t rank_of(const vf_vllm_plan *p, uint32_t replica, uint32_t stage, uint32_t i) {
  return (replica * p->pp + stage) * p->tp + i;
}

static uint64_t replica_seqs(const vf_vllm_plan *p) {
  return (p->w->seqs + p->dp - 1) / p->dp;
}

/* The demand of all requests at full length, states apart. */
static void add_cache(vf_vllm_plan *p, uint32_t device) {
  const vf_vllm_pool *pool = &p->pool;
  uint64_t each, all, states = pool->state_blocks * pool->block_bytes;
  if (!vf_mul(&each, pool->request_blocks, pool->block_bytes) ||
      !vf_mul(&all, each, replica_seqs(p)) || !vf_mul(&states, states, replica_seqs(p))) {
    p->e->overflow = true;
    return;
  }
  const char *format = vf_format_get(p->w->kv_k)->name;
  vf_estimate_add(p->e, (vf_line){device, VF_PART_KV_CACHE, "kv_cache", vf_exactly(all - states),
                                  VF_BASIS_EXACT, format, false});
  vf_estimate_add(p->e, (vf_line){device, VF_PART_STATE, "recurrent_state", vf_exactly(states),
                                  VF_BASIS_EXACT, "one slot per request and layer", false});
}

static void add_peak(vf_vllm_plan *p, uint32_t device) {
  const vf_device *d = &p->e->devices[device].device;
  bool beside = p->rules->graphs == VF_VLLM_GRAPHS_BESIDE || p->new_runner;
  vf_estimate_add(p->e, (vf_line){device, VF_PART_COMPUTE, "activation", vf_vllm_activation(p),
                                  VF_BASIS_MODELLED, "peak of the profile run", false});
  vf_estimate_add(p->e,
                  (vf_line){device, VF_PART_COMPUTE, "cuda_graphs", vf_vllm_graph_bytes(p),
                            VF_BASIS_MODELLED,
                            beside ? "beside the budget" : "estimated before the cache", beside});
  vf_estimate_add(p->e, (vf_line){device, VF_PART_RUNTIME, "non_torch", vf_vllm_non_torch(p, d),
                                  VF_BASIS_MODELLED, "NCCL, libraries", false});
  vf_estimate_add(p->e, (vf_line){device, VF_PART_RUNTIME, "cuda_context", d->context,
                                  VF_BASIS_ASSUMED, "beside the budget", true});
}

/* ---- The budget ------------------------------------------------------------------------- */

/* What the lines beside the budget may come to. */
static vf_interval outside_bytes(const vf_estimate *e, uint32_t device) {
  vf_interval sum = {0, 0, 0};
  for (size_t i = 0; i < e->n_lines; i++) {
    if (e->lines[i].device != device || !e->lines[i].outside) continue;
    sum.bytes += e->lines[i].size.bytes;
    sum.high_bytes += e->lines[i].size.high_bytes;
  }
  return sum;
}

static uint64_t cuda_total(const vf_device *d) {
  if (d->kind == VF_DEVICE_UNIFIED || d->total_bytes < d->reserved_bytes) return d->total_bytes;
  return d->total_bytes - d->reserved_bytes;
}

/* v1/worker/utils.py:450: the share must be free before anything is loaded. */
static void refuse_for_lack(vf_vllm_plan *p) {
  if (!p->lacks)
    vf_estimate_assume(p->e, "does-not-start",
                       "vLLM refuses to start: less memory is free than its share "
                       "(--gpu-memory-utilization)");
  p->lacks = p->e->refused = true;
}

/* The rest of the memory holds what is not charged; the headroom target is met from it, too. */
static void set_budget(vf_vllm_plan *p, uint32_t device) {
  vf_device *d = &p->e->devices[device].device;
  vf_interval outside = outside_bytes(p->e, device);
  uint64_t total = cuda_total(d), ppm = p->w->memory_fraction_ppm;
  uint64_t budget = vf_shard_part(total, ppm, 1000000), rest = total - budget;
  uint64_t taken = d->used_bytes + d->context.bytes;
  if (d->kind == VF_DEVICE_UNIFIED) taken += d->reserved_bytes;
  if (p->request->kv_cache_memory_bytes != 0 || p->request->num_gpu_blocks != 0) {
    budget = total > taken ? total - taken : 0;
    rest = total - budget;
  } else if (total < taken || total - taken < budget) {
    refuse_for_lack(p);
  }
  uint64_t target = d->headroom_bytes;
  if (d->headroom_permille != 0) target = vf_shard_part(total, d->headroom_permille, 1000);
  target += outside.high_bytes;
  d->headroom_bytes = target > rest ? target - rest : 0;
  d->headroom_permille = 0;
  d->reserved_bytes =
      d->total_bytes - budget > d->used_bytes ? d->total_bytes - budget - d->used_bytes : 0;
}

/* What weights and the peak leave of the budget. */
static void find_pool_bytes(vf_vllm_plan *p, uint32_t device) {
  vf_device_budget *b = &p->e->devices[device];
  uint64_t cache = b->part_bytes[VF_PART_KV_CACHE] + b->part_bytes[VF_PART_STATE];
  uint64_t budget = vf_device_capacity(&b->device);
  uint64_t low = b->need.high_bytes - cache, high = b->need.low_bytes - cache;
  uint64_t taken = b->need.bytes - cache, fixed = p->request->kv_cache_memory_bytes;
  if (!b->device.total_known) return;
  b->has_pool = true;
  b->pool = (vf_interval){budget > low ? budget - low : 0, budget > taken ? budget - taken : 0,
                          budget > high ? budget - high : 0};
  if (p->request->num_gpu_blocks != 0) fixed = p->request->num_gpu_blocks * p->pool.block_bytes;
  if (fixed == 0) return;
  b->pool = vf_exactly(fixed);
  if (cache > fixed) p->e->refused = true;
}

/* ---- Capacity --------------------------------------------------------------------------- */

/* A stage without caches sets no limit. */
static uint64_t blocks_of(const vf_vllm_plan *p, uint64_t bytes) {
  return p->pool.block_bytes != 0 ? bytes / p->pool.block_bytes : UINT64_MAX;
}

/* kv_cache_utils.py:917-940, 1854-1880; older releases divided the blocks by the groups. */
static uint64_t logged_tokens(const vf_vllm_plan *p, uint64_t blocks) {
  uint64_t n = p->pool.request_blocks;
  if (!p->rules->logs_concurrency) return blocks / p->pool.n_groups * p->pool.least_tokens;
  if (n == 0) return 0;
  return blocks / n * p->w->requested_ctx_tokens + blocks % n * p->w->requested_ctx_tokens / n;
}

static uint64_t concurrency_x100(const vf_vllm_plan *p, uint64_t blocks) {
  uint64_t n = p->pool.request_blocks;
  return n == 0 ? 0 : (blocks * 200 + n) / (2 * n) * p->dp;
}

/* All ranks use as many blocks as the one with the fewest. */
static void tell_capacity(vf_vllm_plan *p, uint64_t blocks, uint64_t most_blocks) {
  p->w->block_size = p->pool.least_tokens;
  p->w->starts = !p->e->refused;
  if (blocks == UINT64_MAX || !p->e->devices[0].has_pool) return;
  uint64_t tokens = logged_tokens(p, blocks);
  for (size_t i = 0; i + 1 < p->e->n_devices; i++) p->e->devices[i].pool_tokens = tokens;
  p->w->max_concurrency_x100 = concurrency_x100(p, blocks);
  p->w->most_concurrency_x100 = concurrency_x100(p, most_blocks);
  p->w->starts &= blocks >= p->pool.request_blocks;
}

static vf_status add_rank(vf_vllm_plan *p, uint32_t device) {
  vf_vllm_add_weights(p, device);
  add_peak(p, device);
  add_cache(p, device);
  if (p->e->overflow) return VF_OK;
  set_budget(p, device);
  find_pool_bytes(p, device);
  return VF_OK;
}

static void keep_notes(vf_vllm_plan *p) {
  uint64_t *n = p->e->notes;
  n[VF_VLLM_BLOCK_BYTES] = p->pool.block_bytes;
  n[VF_VLLM_REQUEST_BLOCKS] = p->pool.request_blocks;
  n[VF_VLLM_STATE_BLOCKS] = p->pool.state_blocks;
  n[VF_VLLM_GROUPS] = p->pool.n_groups;
  n[VF_VLLM_GROUP_LAYERS] = p->pool.group_layers;
  n[VF_VLLM_PAGE_BYTES] = p->pool.page_bytes;
  n[VF_VLLM_CAPTURE_SIZES] = vf_vllm_capture_sizes(p);
  n[VF_VLLM_SAMPLER_X10] = vf_vllm_sampler_x10(p, 1);
  n[VF_VLLM_HAS_EXPERTS] = p->moe;
}

static vf_status add_ranks(vf_vllm_plan *p, vf_error *err) {
  uint64_t blocks = UINT64_MAX, most = UINT64_MAX;
  vf_status status = VF_OK;
  for (uint32_t stage = 0; stage < p->pp && status == VF_OK; stage++) {
    vf_vllm_shard(p, stage);
    status = vf_vllm_find_pool(p, err);
    if (status != VF_OK) return status;
    if (stage == 0) keep_notes(p);
    for (uint32_t i = 0; i < p->dp * p->tp && status == VF_OK; i++) {
      uint32_t device = rank_of(p, i / p->tp, stage, i % p->tp);
      status = add_rank(p, device);
      blocks = vf_min_u64(blocks, blocks_of(p, p->e->devices[device].pool.bytes));
      most = vf_min_u64(most, blocks_of(p, p->e->devices[device].pool.high_bytes));
    }
  }
  if (status == VF_OK) tell_capacity(p, blocks, most);
  return status;
}

/* ---- Assumptions ------------------------------------------------------------------------ */

static void add_assumptions(vf_vllm_plan *p) {
  vf_estimate *e = p->e;
  const vf_request *r = p->request;
  if (e->version[0] == '\0')
    vf_estimate_assume(e, "engine-version",
                       "the newest vLLM that is known (--engine vllm@0.19 names another): memory "
                       "differs much between versions");
  if (r->ctx_tokens == 0)
    vf_estimate_assume(e, "ctx-default", "no --ctx given: the model's whole context");
  if (p->model->max_ctx_tokens != 0 && p->w->requested_ctx_tokens > p->model->max_ctx_tokens)
    vf_estimate_assume(e, "ctx-beyond-model", "the context is beyond the model's own limit");
  if (p->minor >= 24 && e->model->checkpoint[0] == '\0' && strcmp(e->model->quant, "BF16") != 0 &&
      strcmp(e->model->quant, "F16") != 0 && strcmp(e->model->quant, "F32") != 0)
    vf_estimate_assume(e, "gguf-plugin", "GGUF formats need a plugin since June 2026");
  if (p->minor >= 28 && strcmp(e->model->checkpoint, "bitsandbytes") == 0)
    vf_estimate_assume(e, "bitsandbytes-plugin", "bitsandbytes needs a plugin since August 2026");
  if (r->spec_tokens != 0 && r->draft == NULL && vf_vllm_mtp_layers(p->model) == 0)
    vf_estimate_assume(e, "no-prediction-layers",
                       "the model's description has no layer that proposes tokens: one like its "
                       "last layer with attention is counted");
  if (r->tp == 0 && p->tp > 1)
    vf_estimate_assume(e, "tp-default", "no --tp given: all GPUs share every layer");
  if (e->devices[0].device.backend == VF_BACKEND_ROCM)
    vf_estimate_assume(e, "backend-cuda-rules",
                       "activations and graphs follow what was measured on CUDA");
  if (!p->w->starts && !e->refused)
    vf_estimate_assume(e, "does-not-start",
                       "vLLM refuses to start: the cache that is left is too small for one request "
                       "of that length");
}

/* ---- The engine ------------------------------------------------------------------------- */

static vf_status estimate(vf_estimate *e, const vf_request *request, vf_error *err) {
  vf_vllm_plan p = {.e = e, .model = e->model, .request = request, .w = &e->workload};
  vf_status status = VF_OK;
  if (e->n_devices == 1)
    status = vf_fail(err, VF_UNSUPPORTED, "vLLM on a CPU is not known: name a GPU");
  if (status == VF_OK) status = resolve(&p, err);
  if (status == VF_OK) status = vf_vllm_check(&p, err);
  if (status == VF_OK) status = add_ranks(&p, err);
  if (status == VF_OK) add_assumptions(&p);
  return status;
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
    .version = "v0.27.1",
    .checked = "2026-08-17",
    .quants = quants,
    .max_seqs = VF_MAX_SEQS,
    .ladder = ladder,
    .pools = true,
    .knows = knows,
    .decodes = VF_DECODES_GRAPHS,
    .estimate = estimate,
    .explain = vf_vllm_explain,
};
