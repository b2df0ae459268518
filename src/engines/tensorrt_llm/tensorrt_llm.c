/* tensorrt_llm.c - TensorRT-LLM's PyTorch backend: a share of what is free after loading.
 *
 * _torch/pyexecutor/_util.py (_cal_max_memory, configure_kv_cache_capacity) and
 * llmapi/llm_args.py, files of 2025-12 to 2026.  A request is admitted only if its whole length
 * fits (GUARANTEED_NO_EVICT), so the demand is that of whole blocks. */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "engines/admission.h"
#include "engines/companions.h"
#include "engines/engine.h"
#include "engines/ranks.h"

/* As vf_ranks_version() counts; from PYTORCH_BACKEND on it is the default. */
enum { PYTORCH_BACKEND = 1000000, NEWEST = 1002000 };

enum {
  BLOCK_TOKENS = 32,
  MAX_TOKENS = 8192,
  MAX_BATCH = 2048,
  FRACTION_PPM = 900000,
};

static const char *const checkpoints[] = {"tensorrt-llm", "awq",          "gptq",  "fp8",
                                          "modelopt",     "modelopt_fp4", "mxfp4", NULL};

static const vf_kernel_rules kernels = {"TensorRT-LLM", checkpoints, false, true};

/* _torch/pyexecutor/model_engine.py: _init_max_seq_len; GPUs: docs/source/supported-hardware,
 * Ampere and what came later. */
static const vf_admission admission = {
    .least_capability = 80,
    .least_source = "docs: supported hardware",
    .any_dtype = true,
    .beyond = VF_BEYOND_LOWERED,
    .beyond_way = "TLLM_ALLOW_LONG_MAX_MODEL_LEN",
};

typedef struct plan {
  vf_ranks s;
  uint32_t fraction_ppm;
  vf_ranks_cell cell;
} plan;

static vf_status resolve(plan *p, vf_error *err) {
  vf_ranks *s = &p->s;
  const vf_request *r = s->request;
  vf_status status = vf_ranks_begin(s, NEWEST, err);
  if (status == VF_OK) status = vf_ranks_admit(s, &admission, err);
  if (status == VF_OK) status = vf_ranks_check(s, &kernels, err);
  if (status != VF_OK) return status;
  vf_ranks_formats(s, VF_FORMAT_NONE);
  s->batch_tokens = r->max_num_batched_tokens != 0 ? r->max_num_batched_tokens : MAX_TOKENS;
  p->fraction_ppm = r->memory_fraction_ppm != 0 ? r->memory_fraction_ppm : FRACTION_PPM;
  s->w->memory_fraction_ppm = p->fraction_ppm;
  s->w->max_num_batched_tokens = s->w->ubatch_tokens = s->batch_tokens;
  s->w->max_num_seqs = r->max_num_seqs != 0 ? r->max_num_seqs : MAX_BATCH;
  s->w->block_size = r->block_size != 0 ? r->block_size : BLOCK_TOKENS;
  if ((s->w->seqs + s->dp - 1) / s->dp > s->w->max_num_seqs)
    vf_ranks_crowd(s, s->w->max_num_seqs * s->dp);
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

/* A replica of attention holds its part of the requests. */
static uint64_t replica_seqs(const plan *p) {
  uint32_t replicas = p->s.dp;
  return (p->s.w->seqs + replicas - 1) / replicas;
}

/* Before 1.0 trtllm-serve built and ran an engine file: what it takes for activations and its two
 * profiles is fixed when it is built, and was 4.5 GiB for Llama 3.1 8B in FP8 with 1,024 tokens. */
static vf_amount engine_file(const vf_ranks *s, uint32_t device) {
  (void)s;
  (void)device;
  return vf_amount_within((vf_interval){512 * VF_MIB, 2560 * VF_MIB, 5632 * VF_MIB},
                          VF_BASIS_ASSUMED, "built into the engine file");
}

static vf_amount kv_cache(const vf_ranks *s, uint32_t device) {
  const plan *p = (const plan *)s;
  uint64_t bytes = request_bytes(p) - vf_min_u64(request_bytes(p), p->cell.state_bytes);
  (void)device;
  if (!vf_mul(&bytes, bytes, replica_seqs(p))) s->e->overflow = true;
  return vf_amount_exact(bytes, "whole blocks of every request");
}

static vf_amount states(const vf_ranks *s, uint32_t device) {
  const plan *p = (const plan *)s;
  uint64_t bytes = 0;
  (void)device;
  if (!vf_mul(&bytes, p->cell.state_bytes, replica_seqs(p))) s->e->overflow = true;
  return vf_amount_exact(bytes, "one slot per request");
}

/* The dummy run before the cache is made: context-heavy requests, and logits of a batch. */
static vf_amount activation(const vf_ranks *s, uint32_t device) {
  uint64_t forward = vf_ranks_forward_bytes(s, s->batch_tokens);
  uint64_t rows = vf_min_u64(s->w->max_num_seqs, s->batch_tokens);
  uint64_t logits = s->shard.last ? rows * s->model->n_vocab * 6 : 0;
  uint64_t peak = vf_max_u64(forward, logits);
  (void)device;
  return vf_amount_within((vf_interval){peak - peak / 3, peak, peak + peak / 2}, VF_BASIS_MODELLED,
                          "peak of the dummy run");
}

static vf_amount graphs(const vf_ranks *s, uint32_t device) {
  (void)device;
  if (s->request->enforce_eager) return vf_amount_exact(0, "");
  return vf_amount_within((vf_interval){100 * VF_MIB, 500 * VF_MIB, 1500 * VF_MIB},
                          VF_BASIS_MODELLED, "");
}

static vf_amount context(const vf_ranks *s, uint32_t device) {
  return vf_amount_within(s->e->devices[device].device.context, VF_BASIS_ASSUMED,
                          "context, libraries");
}

static void say_tensors(const vf_ranks *s, const vf_line *line, vf_text *out) {
  (void)line;
  vf_text_printf(out, "sum of this rank's tensors, of %zu in %s", s->model->n_tensors,
                 s->model->quant);
  if (s->tp > 1) vf_text_printf(out, ": columns and rows by tp %" PRIu32, s->tp);
  if (s->pp > 1) vf_text_printf(out, ", one of %" PRIu32 " stages", s->pp);
}

static void say_cache(const vf_ranks *s, const vf_line *line, vf_text *out) {
  const plan *p = (const plan *)s;
  (void)line;
  vf_text_printf(out, "%" PRIu64 " requests of ", replica_seqs(p));
  vf_text_thousands(out, s->w->requested_ctx_tokens);
  vf_text_printf(out, " tokens in blocks of %" PRIu32 " × %" PRIu64 " B", s->w->block_size,
                 p->cell.full_bytes);
  if (p->cell.window_layers != 0)
    vf_text_printf(out, ", and windows of %" PRIu64 " tokens × %" PRIu64 " B",
                   p->cell.window_tokens, p->cell.window_bytes);
}

static void say_states(const vf_ranks *s, const vf_line *line, vf_text *out) {
  vf_terms_put_each(out, replica_seqs((const plan *)s), "request", line->size.bytes);
  vf_text_put(out, ", convolution and state of the recurrent layers here");
}

static void say_activation(const vf_ranks *s, const vf_line *line, vf_text *out) {
  (void)line;
  vf_text_printf(out,
                 "the larger of %" PRIu32 " tokens × (4 × %" PRIu64
                 " + 3 × feed-forward / tp) × %" PRIu32 " B and %" PRIu32 " rows of logits",
                 s->batch_tokens, s->model->n_embd, s->number_bytes, s->w->max_num_seqs);
}

static const vf_term terms[] = {
    {"weights", VF_PART_WEIGHTS, vf_companion_weights, .words = say_tensors,
     .source = "tensorrt_llm/_torch/modules/linear.py"},
    VF_SLACK_TERM(vf_companion_slack),
    {"tower", VF_PART_WEIGHTS, vf_ranks_tower, "for images or sound, not described",
     .source = "the config tells of one, not of its tensors"},
    {"engine_file", VF_PART_COMPUTE, engine_file, "activations and profiles, fixed at the build",
     .source = "docs/source/reference/memory.md; one log of 0.19", .until = PYTORCH_BACKEND},
    {"activation", VF_PART_COMPUTE, activation, .words = say_activation,
     .source = "_torch/pyexecutor/_util.py: _cal_max_memory"},
    {"cuda_graphs", VF_PART_COMPUTE, graphs, "graphs of decoding, captured before the cache",
     .source = "llmapi/llm_args.py: CudaGraphConfig; nobody's log at hand"},
    {"cuda_context", VF_PART_RUNTIME, context, "the process: what is free counts, so it does",
     .source = "measured; the device's catalog entry"},
    VF_LINKS_TERM,
    {"kv_cache", VF_PART_KV_CACHE, kv_cache, .words = say_cache,
     .source = "GUARANTEED_NO_EVICT: a request is admitted with its whole length"},
    {"recurrent_state", VF_PART_STATE, states, .words = say_states,
     .source = "_torch/pyexecutor/mamba_cache_manager.py"},
    VF_COMPANION_TERMS,
    {.id = NULL},
};

/* kv_cache_config.max_tokens and max_gpu_total_bytes end the pool below its share. */
static uint64_t most_bytes(const plan *p) {
  const vf_request *r = p->s.request;
  uint64_t most = UINT64_MAX, tokens;
  if (r->kv_cache_memory_bytes != 0) most = r->kv_cache_memory_bytes;
  if (r->pool_tokens != 0 && vf_mul(&tokens, r->pool_tokens, token_bytes(p)))
    most = vf_min_u64(most, tokens);
  return most;
}

/* The rest of what is free stays so: (1 - fraction) of it. */
static void set_pool(plan *p, uint32_t device) {
  vf_ranks *s = &p->s;
  vf_device_budget *b = &s->e->devices[device];
  uint64_t cache = b->part_bytes[VF_PART_KV_CACHE] + b->part_bytes[VF_PART_STATE];
  uint64_t total = vf_ranks_total(&b->device), most = most_bytes(p), taken[3], pool[3];
  taken[0] = b->need.high_bytes - cache + b->device.used_bytes;
  taken[1] = b->need.bytes - cache + b->device.used_bytes;
  taken[2] = b->need.low_bytes - cache + b->device.used_bytes;
  for (int i = 0; i < 3; i++)
    pool[i] = total > taken[i] ? vf_shard_part(total - taken[i], p->fraction_ppm, 1000000) : 0;
  vf_ranks_set_budget(s, device, total,
                      vf_min_u64(taken[1] - b->device.used_bytes + pool[1], total));
  for (int i = 0; i < 3; i++) pool[i] = vf_min_u64(pool[i], most);
  if (cache > most)
    vf_estimate_crowd(s->e, "pool-too-small",
                      "the cache is given less than these requests fill: TensorRT-LLM starts if "
                      "one of them fits, and the others wait");
  uint64_t tokens = pool[1] / token_bytes(p) / s->w->block_size * s->w->block_size;
  vf_ranks_set_pool(s, device, (vf_interval){pool[0], pool[1], pool[2]}, tokens);
  if (pool[1] < request_bytes(p)) s->w->starts = false;
}

static void stand(vf_ranks *s, uint32_t device) {
  set_shard((plan *)s, device / s->tp % s->pp);
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
      vf_terms_add(&p.s, device, false);
      if (!e->overflow && e->devices[device].device.total_known) set_pool(&p, device);
    }
  }
  if (status != VF_OK) return status;
  if (p.s.version < PYTORCH_BACKEND)
    vf_estimate_assume(e, "engine-file",
                       "before 1.0 TensorRT-LLM runs engine files: sizes are those of the weights, "
                       "what is built in is a wide guess");
  vf_plan_keep(&p.s, sizeof p);
  vf_ranks_assume(&p.s, NULL, NULL);
  return VF_OK;
}

static bool knows(const char *version) {
  uint32_t v = vf_ranks_version(version);
  return v >= 1 && v < NEWEST + 1000;
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
    .terms = terms,
    .stand = stand,
    .explain = vf_terms_explain,
};
