/* sglang.c - SGLang 0.4 to 0.5.15: a request becomes a plan, a plan lines and pools (sglang.h).
 *
 * Rules of main at 9fec359a6 (2026-07-13) and, as dated changes, of the releases before it
 * (versions.def). */
#include "engines/sglang/sglang.h"

#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "engines/admission.h"

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

static const vf_kernel_rules kernels = {"SGLang", checkpoints, true, false, true, 80};

static const vf_arch_age ages[] = {
#define ARCH(type, minor, patch, date, where) VF_ARCH_AGE(type, minor, patch, where)
#include "engines/sglang/archs.def"
#undef ARCH
};

/* From 0.4.7 on transformers' code runs others (#5929). */
static const vf_arch_ages arch_ages = {ages, sizeof ages / sizeof *ages, 4007};

/* model_executor/model_runner.py: load_model; configs/model_config.py: _get_and_verify_dtype,
 * _derive_context_length (#1778), whose limit is the config's own where it states an original. */
static const vf_admission admission = {
    .least_capability = 75,
    .least_source = "model_runner.py: only sm75 and above",
    .no_bf16 = VF_NO_BF16_OVERRIDES,
    .any_dtype = true,
    .narrows = true,
    .narrows_to_f16 = true,
    .beyond = VF_BEYOND_REFUSED,
    .beyond_way = "SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN",
    .ages = &arch_ages,
};

vf_sglang_rules vf_sglang_rules_of(uint32_t version) {
  vf_sglang_rules r = {0};
#define RULE(minor, patch, date, field, value, source)                                             \
  if (version >= (minor)*1000 + (patch)) r.field = (value);
#include "engines/sglang/versions.def"
#undef RULE
  return r;
}

/* With --enable-dp-attention the replicas share the GPUs of one tensor parallel group. */
static vf_ranks_asked resolve_attention_dp(vf_sglang_plan *p) {
  const vf_request *r = p->s.request;
  vf_ranks_asked asked = {r->tp, r->pp, r->dp, r->ep};
  uint32_t gpus = (uint32_t)p->s.e->n_devices - 1, tp = r->tp != 0 ? r->tp : 1;
  p->attention_dp = 1;
  if (r->dp > 1 && tp * vf_max_u32(r->pp, 1) == gpus && tp % r->dp == 0) {
    p->attention_dp = r->dp;
    asked.dp = 1;
  }
  return asked;
}

static uint32_t own_draft_layers(const vf_model *m) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < m->n_layers; i++) n += (m->layers[i].flags & VF_LAYER_MTP) != 0;
  return vf_max_u32(n, 1);
}

static void resolve_pools(vf_sglang_plan *p) {
  const vf_request *r = p->s.request;
  uint32_t replicas = p->s.dp * p->attention_dp;
  bool kept = r->prefix_caching != VF_OFF && p->rules.state_copies != 0;
  p->seqs = (p->s.w->seqs + replicas - 1) / replicas;
  p->copies = kept ? p->rules.state_copies : 1;
  uint32_t share = vf_sglang_compresses(p->s.model) ? 100000 : 800000;
  p->window_ppm = r->window_share_ppm != 0 ? r->window_share_ppm : share;
  p->state_ratio_ppm = r->state_ratio_ppm != 0 ? r->state_ratio_ppm : 900000;
  if (r->draft != NULL)
    p->draft_layers = r->draft->n_layers;
  else if (r->mtp || r->spec_tokens != 0)
    p->draft_layers = own_draft_layers(p->s.model);
}

/* "0.5" is the last of its releases. */
static uint32_t last_release(const char *text, uint32_t version) {
  const char *dot = strchr(text, '.');
  bool patched = dot != NULL && strchr(dot + 1, '.') != NULL;
  if (text[0] == '\0' || patched) return version;
  return vf_min_u32(version + 999, VF_SGLANG_NEWEST);
}

static bool is_sparse(const vf_model *m) {
  return vf_ranks_has_cache(m, VF_CACHE_INDEXER) && vf_ranks_has_cache(m, VF_CACHE_LATENT);
}

static bool is_blackwell(const vf_sglang_plan *p) {
  return p->s.e->devices[0].device.compute_capability >= 100;
}

/* In 8 bits, a row of sparse latent attention has a scale for 128 numbers, and what is rotated in
 * 16 bits: calculate_mla_kv_cache_dim (model_runner_kv_cache_mixin.py). */
static uint64_t sparse_scales_bytes(const vf_sglang_plan *p) {
  enum { BLOCK = 128, SCALE_BYTES = 4 };
  const vf_ranks *s = &p->s;
  bool plain = is_blackwell(p) && p->rules.sparse_rows_plain_on_blackwell;
  bool rocm = s->e->devices[0].device.backend == VF_BACKEND_ROCM;
  uint64_t sum = 0;
  if (s->w->kv_k != VF_FORMAT_F8_E4M3 || !is_sparse(s->model) || plain || rocm) return 0;
  for (uint32_t i = s->shard.first_layer; i < s->shard.end_layer; i++) {
    const vf_layer *l = &s->model->layers[i];
    if (l->kv_lora != 0) sum += l->kv_lora / BLOCK * SCALE_BYTES + l->rope_dim;
  }
  return sum;
}

static vf_status resolve(vf_sglang_plan *p, vf_error *err) {
  vf_ranks *s = &p->s;
  const vf_request *r = s->request;
  vf_status status = vf_ranks_begin_as(s, VF_SGLANG_NEWEST, resolve_attention_dp(p), err);
  s->version = last_release(s->e->version, s->version);
  if (status == VF_OK && s->version < 4000)
    status = vf_fail(err, VF_UNSUPPORTED,
                     "SGLang %s is older than what is known: 0.4 is the oldest", s->e->version);
  if (status == VF_OK) status = vf_ranks_admit(s, &admission, err);
  if (status == VF_OK) status = vf_ranks_check(s, &kernels, err);
  if (status != VF_OK) return status;
  bool compressed = vf_sglang_compresses(s->model);
  p->rules = vf_sglang_rules_of(s->version);
  bool narrow = is_sparse(s->model) && is_blackwell(p) && p->rules.sparse_narrow_on_blackwell;
  vf_ranks_formats(s, compressed || narrow ? VF_FORMAT_F8_E4M3 : VF_FORMAT_NONE);
  if (compressed && !p->rules.compressed_keys)
    return vf_fail(err, VF_UNSUPPORTED,
                   "SGLang has no keys that stand for several tokens before 0.5.11 (DeepSeek V4)");
  resolve_pools(p);
  p->chunk_tokens = r->max_num_batched_tokens;
  if (p->chunk_tokens == 0) p->chunk_tokens = vf_sglang_chunk(p);
  p->graph_bs = vf_sglang_graph_bs(p);
  p->fraction_ppm =
      r->memory_fraction_ppm != 0 ? r->memory_fraction_ppm : vf_sglang_fraction_ppm(p);
  p->fraction_ppm = vf_sglang_less_aiter(p, p->fraction_ppm);
  s->batch_tokens = vf_max_u32(p->chunk_tokens / p->attention_dp, 1);
  s->w->memory_fraction_ppm = p->fraction_ppm;
  s->w->max_num_batched_tokens = s->w->ubatch_tokens = s->batch_tokens;
  s->w->block_size = r->block_size != 0 ? r->block_size : compressed ? 256 : 1;
  return VF_OK;
}

/* States are kept in 32 bits where --mamba-ssm-dtype does not say otherwise, whatever the weights
 * are (configs/mamba_utils.py); convolutions in 16. */
static uint64_t state_bytes(const vf_sglang_plan *p, uint32_t tp) {
  const vf_ranks *s = &p->s;
  vf_format f = s->request->state_format;
  uint64_t wide = f == VF_FORMAT_BF16 || f == VF_FORMAT_F16 ? 2 : 4, sum = 0;
  for (size_t i = 0; i < s->model->n_caches; i++) {
    const vf_cache_layer *c = &s->model->caches[i];
    if (c->kind != VF_CACHE_STATE || c->layer < s->shard.first_layer ||
        c->layer >= s->shard.end_layer)
      continue;
    sum += (c->conv + tp - 1) / tp * 2 + (c->state + tp - 1) / tp * wide;
  }
  return sum;
}

/* Without the radix cache and with --max-running-requests windows get what requests can use:
 * a window, a page on each side and two chunks (SWAChunkCapPoolConfigurator). */
static void size_windows(vf_sglang_plan *p) {
  const vf_request *r = p->s.request;
  uint64_t each = p->cell.window_tokens + 1 + 2 * (uint64_t)p->s.w->block_size, cap;
  if (p->compressed_token != 0) return;
  if (!p->rules.windows_by_requests || r->prefix_caching != VF_OFF || r->max_num_seqs == 0) return;
  if (p->cell.window_layers == 0 || p->cell.full_layers == 0) return;
  cap = each * (r->max_num_seqs / vf_max_u32(p->attention_dp, 1)) + 2 * (uint64_t)p->chunk_tokens;
  uint64_t full = vf_max_u64((uint64_t)p->seqs * p->s.w->requested_ctx_tokens, 1);
  p->window_ppm = (uint32_t)vf_min_u64(vf_max_u64(cap * 1000000 / full, 1000), 1000000);
}

/* gemma3_causal.py: Gemma3TextScaledWordEmbedding, which Gemma 3n and 4 use as well, is torch's own
 * table, and each rank has all of it. */
static bool has_whole_tables(const vf_model *m) {
  return strncmp(m->type, "gemma3", 6) == 0 || strncmp(m->type, "gemma4", 6) == 0;
}

/* Experts lie over tp / ep ranks each; attention, and with it the cache, over tp / dp. */
static void set_stage(vf_sglang_plan *p, uint32_t stage) {
  vf_ranks *s = &p->s;
  uint32_t tp = s->tp;
  s->shard = (vf_shard){.tp = tp,
                        .expert_tp = tp / s->ep,
                        .expert_ranks = s->ep,
                        .vocab_multiple = 64,
                        .number_bytes = s->number_bytes,
                        .mtp = p->draft_layers != 0 && s->request->draft == NULL,
                        .no_towers = s->request->text_only,
                        .embeddings_whole = has_whole_tables(s->model)};
  vf_shard_stage(&s->shard, s->model, VF_STAGE_BEFORE_LAST, s->pp, stage);
  s->tp = tp / p->attention_dp;
  p->cell = vf_ranks_cell_of(s);
  p->cell.full_bytes += sparse_scales_bytes(p);
  bool compressed = vf_sglang_compresses(s->model);
  p->state_bytes = compressed ? 0 : state_bytes(p, s->tp);
  p->compressed_token = compressed ? vf_sglang_compressed_token(p) : 0;
  p->compressed_fixed = compressed ? vf_sglang_compressed_fixed(p) : 0;
  s->tp = tp;
  size_windows(p);
}

static void stand(vf_ranks *r, uint32_t device) {
  vf_sglang_plan *p = (vf_sglang_plan *)r;
  set_stage(p, device / p->s.tp % p->s.pp);
}

/* NCCL and the context are there before the first measurement. */
static uint64_t before_loading(const vf_device *d, uint64_t context) {
  uint64_t total = vf_ranks_total(d), taken = context + d->used_bytes;
  return total > taken ? total - taken : 0;
}

/* NCCL's buffers: 1.1 GiB was logged with NVLink, next to nothing on PCIe. */
static vf_interval link_bytes(const vf_sglang_plan *p, const vf_device *d) {
  if (p->s.tp == 1) return (vf_interval){0, 0, 0};
  if (!vf_ranks_linked(d)) return (vf_interval){0, 0, 600 * VF_MIB};
  return (vf_interval){300 * VF_MIB, 1100 * VF_MIB, 2200 * VF_MIB};
}

/* Of unified memory the rest of the system takes more or less from one start to the next: some
 * two hundredths of it. */
static uint64_t unsure_bytes(const vf_device *d) {
  return d->kind == VF_DEVICE_UNIFIED ? vf_ranks_total(d) / 50 : vf_ranks_total(d) / 500;
}

/* The budget at every end. */
static vf_interval budget_of(const vf_sglang_plan *p, const vf_device *d) {
  vf_interval links = link_bytes(p, d), c = d->context;
  uint64_t ppm = p->fraction_ppm, unsure = unsure_bytes(d);
  return (vf_interval){
      vf_shard_part(before_loading(d, c.high_bytes + links.high_bytes + unsure), ppm, 1000000),
      vf_shard_part(before_loading(d, c.bytes + links.bytes), ppm, 1000000),
      vf_shard_part(before_loading(d, c.low_bytes + links.low_bytes), ppm, 1000000) +
          vf_shard_part(unsure, ppm, 2000000)};
}

/* --max-total-tokens ends the pool below what there is room for. */
static vf_interval capped(const vf_sglang_plan *p, vf_interval pool) {
  uint64_t most = UINT64_MAX;
  if (p->s.request->pool_tokens == 0) return pool;
  uint64_t states = p->state_bytes * vf_sglang_slots(p, pool.bytes);
  if (!vf_mul(&most, p->s.request->pool_tokens, vf_sglang_token_bytes(p)) ||
      !vf_add(&most, most, states))
    return pool;
  return (vf_interval){vf_min_u64(pool.low_bytes, most), vf_min_u64(pool.bytes, most),
                       vf_min_u64(pool.high_bytes, most)};
}

/* Memory is one thing, slots another: of states, or of tokens that an option bounds. */
static void check_slots(vf_sglang_plan *p) {
  const vf_request *r = p->s.request;
  if (p->slots != 0 && p->slots < (uint64_t)p->seqs * p->copies)
    vf_estimate_crowd(p->s.e, "state-slots",
                      "the states have fewer slots than these sequences want: the engine starts, "
                      "and runs fewer at once");
  if (r->pool_tokens != 0 && r->pool_tokens < vf_sglang_demand_tokens(p))
    vf_estimate_crowd(p->s.e, "pool-tokens",
                      "--max-total-tokens is less than these sequences have: the engine starts, "
                      "and runs fewer at once");
}

static void add_rank(vf_sglang_plan *p, uint32_t device) {
  vf_ranks *s = &p->s;
  vf_device_budget *b = &s->e->devices[device];
  vf_terms_add(s, device, false);
  if (s->e->overflow || !b->device.total_known) return;
  vf_interval budget = budget_of(p, &b->device);
  p->pool = capped(p, vf_ranks_pool(b, budget));
  p->tokens = vf_sglang_pool_tokens(p, p->pool.bytes);
  p->slots = vf_sglang_slots(p, p->pool.bytes);
  vf_terms_add(s, device, true);
  vf_ranks_set_budget(s, device, vf_ranks_total(&b->device), budget.bytes);
  vf_ranks_set_pool(s, device, p->pool, p->tokens);
  b->state_slots = p->slots;
  b->state_pool_bytes = p->slots * vf_sglang_slot_bytes(p);
  if (p->state_bytes != 0)
    s->w->max_concurrency_x100 =
        vf_min_u64(s->w->max_concurrency_x100, p->slots / p->copies * 100 * s->dp);
  if (device == 0) check_slots(p);
  if (p->tokens == 0) {
    s->e->refused = true;
    s->w->starts = false;
  }
}

/* Experts that the CPU computes are not fetched over the bus: nobody measured that here. */
static void resolve_host_experts(vf_sglang_plan *p) {
  const vf_estimate *e = p->s.e;
  p->host_experts = p->s.request->host_experts || p->s.request->gpu_experts != 0 ||
                    e->engine == &vf_engine_ktransformers;
  p->host_experts = p->host_experts && p->s.moe;
  if (p->host_experts) p->s.e->decodes = VF_DECODES_UNKNOWN;
}

static vf_status estimate(vf_estimate *e, const vf_request *request, vf_error *err) {
  vf_sglang_plan p = {
      .s = {.e = e, .model = e->model, .request = request, .w = &e->workload, .name = "SGLang"}};
  vf_status status = resolve(&p, err);
  if (status != VF_OK) return status;
  resolve_host_experts(&p);
  for (uint32_t stage = 0; stage < p.s.pp; stage++) {
    set_stage(&p, stage);
    for (uint32_t i = 0; i < p.s.dp * p.s.tp; i++)
      add_rank(&p, vf_ranks_device(&p.s, i / p.s.tp, stage, i % p.s.tp));
  }
  if (p.attention_dp > 1) e->workload.max_concurrency_x100 *= p.attention_dp;
  e->workload.replicas *= p.attention_dp;
  vf_plan_keep(&p.s, sizeof p);
  vf_ranks_assume(&p.s, NULL, "Not enough memory. Please try to increase --mem-fraction-static.");
  return VF_OK;
}

static bool knows(const char *version) {
  uint32_t v = vf_ranks_version(version);
  return v != 0 && v <= VF_SGLANG_NEWEST;
}

static const char *const aliases[] = {"sgl", NULL};

static const char *const kt_aliases[] = {"kt", "kt-kernel", NULL};

static const char *const ladder[] = {"BF16", "fp8", "awq", NULL};

const vf_engine vf_engine_sglang = {
    .name = "sglang",
    .aliases = aliases,
    .dialect = &vf_dialect_sglang,
    .version = "v0.5.15",
    .checked = "2026-07-13",
    .quants = vf_ranks_quants,
    .max_seqs = VF_SGLANG_MAX_RUNNING,
    .ladder = ladder,
    .pools = true,
    .knows = knows,
    .decodes = VF_DECODES_GRAPHS,
    .estimate = estimate,
    .terms = vf_sglang_terms,
    .stand = stand,
    .explain = vf_terms_explain,
};

/* KTransformers of 2025-10 and later is SGLang with kt-kernel (doc/en/kt-kernel of 95009ea6,
 * 2026-08-21): attention and what is shared on the GPU, experts in main memory. */
const vf_engine vf_engine_ktransformers = {
    .name = "ktransformers",
    .aliases = kt_aliases,
    .version = "v0.6.1",
    .checked = "2026-08-21",
    .quants = vf_ranks_quants,
    .max_seqs = VF_SGLANG_MAX_RUNNING,
    .ladder = ladder,
    .pools = true,
    .decodes = VF_DECODES_UNKNOWN,
    .estimate = estimate,
    .terms = vf_sglang_terms,
    .stand = stand,
    .explain = vf_terms_explain,
};
