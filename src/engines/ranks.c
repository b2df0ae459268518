/* ranks.c - ranks, bytes per token and lines that several engines share. */
#include "engines/ranks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "core/format.h"
#include "engines/torch.h"

uint32_t vf_ranks_version(const char *text) {
  unsigned major = 0, minor = 0, patch = 0;
  if (text == NULL) return 0;
  if (*text == 'v' || *text == 'V') text++;
  if (sscanf(text, "%3u.%3u.%3u", &major, &minor, &patch) < 2) return 0;
  return major * 1000000 + minor * 1000 + patch;
}

bool vf_ranks_has_mixer(const vf_model *m, uint32_t mixers) {
  for (uint32_t i = 0; i < m->n_layers; i++)
    if (m->layers[i].mixers & mixers) return true;
  return false;
}

bool vf_ranks_has_cache(const vf_model *m, vf_cache_kind kind) {
  for (size_t i = 0; i < m->n_caches; i++)
    if (m->caches[i].kind == kind) return true;
  return false;
}

static vf_status resolve_length(vf_ranks *s, vf_error *err) {
  vf_workload *w = s->w;
  w->requested_ctx_tokens = s->request->ctx_tokens != 0         ? s->request->ctx_tokens
                            : s->request->ctx_limit_tokens != 0 ? s->request->ctx_limit_tokens
                                                                : s->model->max_ctx_tokens;
  w->ctx_tokens = w->requested_ctx_tokens;
  w->seqs = s->request->seqs != 0 ? s->request->seqs : 1;
  if (w->ctx_tokens == 0)
    return vf_fail(err, VF_USAGE, "the model states no context length: give one with --ctx");
  if (w->ctx_tokens > UINT64_C(1) << 40)
    return vf_fail(err, VF_LIMIT, "a context of more than 2^40 tokens is no plan");
  return VF_OK;
}

static uint64_t root_of(uint64_t n) {
  uint64_t r = 1;
  while ((r + 1) * (r + 1) <= n) r++;
  return r;
}

/* A mean says itself.  Of two percentiles the mean lies a third of the way up, nearly, as lengths
 * of requests are spread (log-normal, the 95th two to eight times the median); the mean of several
 * at once strays from it less, by the root of their number. */
vf_interval vf_ranks_lengths(const vf_ranks *s) {
  uint64_t all = s->w->requested_ctx_tokens;
  uint64_t half = vf_min_u64(s->request->real_ctx_tokens[0], all);
  uint64_t most = vf_min_u64(s->request->real_ctx_tokens[1], all);
  if (half == 0) return vf_exactly(all);
  uint64_t mean = half + (most - half) / 3, root = root_of(s->w->seqs);
  return (vf_interval){mean - (mean - half) / root, mean, mean + (most - mean) / root};
}

static vf_status resolve_ranks(vf_ranks *s, vf_ranks_asked asked, vf_error *err) {
  uint32_t gpus = (uint32_t)s->e->n_devices - 1;
  s->pp = asked.pp != 0 ? asked.pp : 1;
  s->dp = asked.dp != 0 ? asked.dp : 1;
  s->tp = asked.tp != 0 ? asked.tp : vf_max_u32(gpus / s->pp / s->dp, 1);
  s->ep = asked.ep > s->tp ? s->tp : vf_max_u32(asked.ep, 1);
  if ((uint64_t)s->tp * s->pp * s->dp == gpus) return VF_OK;
  return vf_fail(err, VF_USAGE,
                 "tp %" PRIu32 " × pp %" PRIu32 " × dp %" PRIu32
                 " is not the number of GPUs, which is %" PRIu32,
                 s->tp, s->pp, s->dp, gpus);
}

vf_status vf_ranks_begin_as(vf_ranks *s, uint32_t newest, vf_ranks_asked asked, vf_error *err) {
  if (s->e->n_devices == 1)
    return vf_fail(err, VF_UNSUPPORTED, "%s on a CPU is not known: name a GPU", s->name);
  s->version = s->e->version[0] != '\0' ? vf_ranks_version(s->e->version) : newest;
  s->moe = vf_model_has_experts(s->model);
  bool wide = strcmp(s->model->quant, "F32") == 0;
  s->number = wide                                    ? VF_FORMAT_F32
              : s->model->own_format == VF_FORMAT_F16 ? VF_FORMAT_F16
                                                      : VF_FORMAT_BF16;
  s->number_bytes = wide ? 4 : 2;
  vf_status status = resolve_length(s, err);
  if (status == VF_OK) status = resolve_ranks(s, asked, err);
  if (status != VF_OK) return status;
  s->w->flash_attn = true;
  s->w->tp = s->tp;
  s->w->pp = s->pp;
  s->w->dp = s->dp;
  s->w->ep = s->ep;
  s->w->replicas = s->dp;
  s->w->output_rows = s->w->seqs;
  if (s->request->real_ctx_tokens[0] != 0) s->w->real_ctx_tokens = vf_ranks_lengths(s).bytes;
  s->w->starts = true;
  return VF_OK;
}

vf_status vf_ranks_begin(vf_ranks *s, uint32_t newest, vf_error *err) {
  const vf_request *r = s->request;
  return vf_ranks_begin_as(s, newest, (vf_ranks_asked){r->tp, r->pp, r->dp, r->ep}, err);
}

void vf_ranks_formats(vf_ranks *s, vf_format own) {
  if (own == VF_FORMAT_NONE) own = s->number;
  s->w->kv_k = s->request->kv_k != VF_FORMAT_NONE ? s->request->kv_k : own;
  s->w->kv_v = s->request->kv_v != VF_FORMAT_NONE ? s->request->kv_v : s->w->kv_k;
}

static vf_status check_layer(const vf_ranks *s, const vf_layer *l, vf_error *err) {
  uint32_t kv = l->n_kv_heads, tp = s->tp;
  bool attends = (l->mixers & VF_MIX_ATTENTION) != 0 && l->n_heads != 0;
  if (attends && l->n_heads % tp != 0)
    return vf_fail(err, VF_UNSUPPORTED,
                   "%s: total number of attention heads (%" PRIu32
                   ") must be divisible by tensor parallel size (%" PRIu32 ")",
                   s->name, l->n_heads, tp);
  if (attends && l->kv_lora == 0 && kv != 0 && (kv >= tp ? kv % tp : tp % kv) != 0)
    return vf_fail(err, VF_UNSUPPORTED,
                   "%s: %" PRIu32 " heads for keys and values can neither be divided by nor "
                   "copied to a tensor parallel size of %" PRIu32,
                   s->name, kv, tp);
  if (l->n_ff % tp != 0)
    return vf_fail(err, VF_UNSUPPORTED,
                   "%s: a feed-forward of %" PRIu32
                   " is not divisible by tensor parallel size %" PRIu32,
                   s->name, l->n_ff, tp);
  return VF_OK;
}

vf_status vf_ranks_check(const vf_ranks *s, const vf_kernel_rules *kernels, vf_error *err) {
  const vf_layer *l = s->model->layers;
  if (s->request->ep > 1 && !s->moe)
    return vf_fail(err, VF_UNSUPPORTED,
                   "%s: number of experts in the model must be greater than 0 when expert "
                   "parallelism is enabled",
                   s->name);
  if (s->tp % s->ep != 0)
    return vf_fail(err, VF_UNSUPPORTED,
                   "%s: expert parallel size %" PRIu32
                   " does not divide tensor parallel size %" PRIu32,
                   s->name, s->ep, s->tp);
  if (s->pp > s->model->n_layers)
    return vf_fail(err, VF_UNSUPPORTED,
                   "%s: %" PRIu32 " layers are too few for %" PRIu32 " pipeline stages", s->name,
                   s->model->n_layers, s->pp);
  for (uint32_t i = 0; i < s->model->n_layers; i++) {
    vf_status status = check_layer(s, &l[i], err);
    if (status != VF_OK) return status;
  }
  return vf_kernels_check(s->e, kernels, err);
}

vf_status vf_ranks_begin_by_layers(vf_ranks *s, uint32_t newest, const vf_kernel_rules *kernels,
                                   const char *refusal, vf_error *err) {
  const vf_request *r = s->request;
  if (r->tp > 1 || r->dp > 1 || r->ep > 1)
    return vf_fail(err, VF_UNSUPPORTED, "%s: %s", s->name, refusal);
  uint32_t gpus = s->e->n_devices > 1 ? (uint32_t)s->e->n_devices - 1 : 1;
  vf_status status = vf_ranks_begin_as(s, newest, (vf_ranks_asked){.pp = gpus}, err);
  if (status == VF_OK) status = vf_ranks_check(s, kernels, err);
  if (status != VF_OK) return status;
  vf_ranks_formats(s, VF_FORMAT_NONE);
  s->w->tp = s->w->pp = s->w->dp = s->w->ep = 0; /* not what its users call it */
  s->shard = (vf_shard){.tp = 1,
                        .expert_tp = 1,
                        .expert_ranks = 1,
                        .vocab_multiple = 1,
                        .number_bytes = s->number_bytes};
  return VF_OK;
}

const vf_quant_alias vf_ranks_quants[] = {
    {"fp16", "F16"},
    {"half", "F16"},
    {"float16", "F16"},
    {"bfloat16", "BF16"},
    {"fp32", "F32"},
    {"q4", "awq"},
    {"4bit", "awq"},
    {"int4", "w4a16"},
    {"q8", "fp8"},
    {"8bit", "fp8"},
    {"nvfp4", "modelopt-nvfp4"},
    {NULL, NULL},
};

static uint64_t token_bytes(const vf_ranks *s, const vf_cache_layer *c) {
  enum { INDEXER_BYTES = 132 }; /* beside latents: 128 in 8 bits and a scale */
  bool latent = s->model->layers[c->layer].kv_lora != 0;
  if (c->kind == VF_CACHE_INDEXER) return latent ? INDEXER_BYTES : c->k_dim * s->number_bytes;
  uint64_t heads = c->kind == VF_CACHE_LATENT ? 1 : vf_shard_kv_heads(c->n_kv_heads, s->tp);
  return heads *
         (vf_format_row_ceil(s->w->kv_k, c->k_dim) + vf_format_row_ceil(s->w->kv_v, c->v_dim));
}

static uint64_t state_bytes(const vf_ranks *s, const vf_cache_layer *c) {
  bool wide = (s->model->flags & VF_MODEL_STATE_F32) != 0 ||
              (s->model->layers[c->layer].mixers & VF_MIX_KDA) != 0;
  return (c->conv + s->tp - 1) / s->tp * s->number_bytes +
         (c->state + s->tp - 1) / s->tp * (wide ? 4 : s->number_bytes);
}

vf_ranks_cell vf_ranks_cell_of(const vf_ranks *s) {
  vf_ranks_cell cell = {0};
  for (size_t i = 0; i < s->model->n_caches; i++) {
    const vf_cache_layer *c = &s->model->caches[i];
    if (c->layer < s->shard.first_layer || c->layer >= s->shard.end_layer) continue;
    if (c->kind == VF_CACHE_STATE) {
      cell.state_bytes += state_bytes(s, c);
    } else if (!s->request->swa_full &&
               (c->kind == VF_CACHE_WINDOW || c->kind == VF_CACHE_CHUNKED)) {
      cell.window_bytes += token_bytes(s, c);
      cell.window_tokens = vf_max_u64(cell.window_tokens, c->window);
      cell.window_layers++;
    } else {
      cell.full_bytes += token_bytes(s, c);
      cell.full_layers++;
    }
  }
  return cell;
}

uint64_t vf_ranks_forward_bytes(const vf_ranks *s, uint64_t tokens) {
  uint64_t most = 0, h = s->model->n_embd;
  for (uint32_t i = s->shard.first_layer; i < s->shard.end_layer; i++) {
    const vf_layer *l = &s->model->layers[i];
    uint64_t wide = 4 * h + 3 * (uint64_t)l->n_ff / s->tp;
    if (l->n_experts != 0) {
      uint64_t inner = l->n_ff_expert / s->shard.expert_tp;
      wide = 4 * h + l->n_experts_used * (vf_max_u64(inner, h) + vf_max_u64(2 * inner, h));
    }
    most = vf_max_u64(most, wide);
  }
  uint64_t bytes;
  if (!vf_mul3(&bytes, most, tokens, s->number_bytes)) {
    s->e->overflow = true;
    return 0;
  }
  return bytes;
}

uint64_t vf_ranks_unpacked_bytes(const vf_ranks *s) {
  uint64_t most = 0;
  for (uint32_t i = s->shard.first_layer; i < s->shard.end_layer; i++)
    most = vf_max_u64(most, s->model->layers[i].n_ff / s->tp);
  return most * s->model->n_embd * s->number_bytes;
}

static bool knows_tower(const vf_model *m) {
  if ((m->flags & VF_MODEL_HAS_TOWER) == 0) return true;
  for (size_t i = 0; i < m->n_tensors; i++)
    if (vf_roles[m->tensors[i].role].home == VF_HOME_TOWER) return true;
  return false;
}

/* Makers of a scheme differ in what they leave in 16 bits beside the feed-forward: in NVFP4
 * attention and what is dense beside experts, in any format of 4 bits recurrent layers and shared
 * experts; attention of models with towers now and then (Gemma 4). */
typedef enum doubt { NO_DOUBT, MAY_BE_16_BITS, MAY_BE_8_BITS, OFTEN_16_BITS } doubt;

static doubt doubt_of(const vf_tensor *t, bool nvfp4, bool experts, bool tower) {
  bool attention = t->role >= VF_ROLE_ATTN_Q && t->role <= VF_ROLE_ATTN_O_B;
  bool recurrent = t->role >= VF_ROLE_SSM_IN && t->role <= VF_ROLE_CHANNEL_MIX_MATRIX;
  bool shared = t->role >= VF_ROLE_FFN_GATE_SHEXP && t->role <= VF_ROLE_FFN_DOWN_SHEXP;
  if (t->format != VF_FORMAT_INT4 && t->format != VF_FORMAT_F4) return NO_DOUBT;
  bool dense = experts && t->role >= VF_ROLE_FFN_GATE && t->role <= VF_ROLE_FFN_DOWN;
  if (nvfp4) return attention || recurrent || shared || dense ? MAY_BE_8_BITS : NO_DOUBT;
  if (recurrent || shared) return OFTEN_16_BITS;
  return attention && tower ? MAY_BE_16_BITS : NO_DOUBT;
}

vf_interval vf_ranks_weights(const vf_ranks *s) {
  const vf_model *m = s->model;
  uint64_t all = vf_shard_weights(&s->shard, m);
  vf_interval size = {all, all, all};
  bool nvfp4 = strncmp(m->checkpoint, "modelopt", 8) == 0;
  bool tower = (m->flags & VF_MODEL_HAS_TOWER) != 0;
  if (!m->scheme_by_name || m->share.expected != 0) return vf_model_weights_size(m, all);
  for (size_t i = 0; i < m->n_tensors; i++) {
    const vf_tensor *t = &m->tensors[i];
    doubt d = t->bytes != 0 ? doubt_of(t, nvfp4, s->moe, tower) : NO_DOUBT;
    if (d == NO_DOUBT) continue;
    uint64_t bytes = vf_shard_tensor(&s->shard, m, t), values = vf_tensor_elements(t);
    uint64_t in_8 = vf_shard_part(bytes, values, t->bytes);
    if (d != MAY_BE_16_BITS)
      size.bytes += (d == OFTEN_16_BITS || m->plain_beside ? 2 * in_8 : in_8) - bytes;
    size.high_bytes += 2 * in_8 - bytes;
  }
  return size;
}

static uint64_t offloaded(const vf_ranks *s) {
  return vf_min_u64(vf_shard_weights(&s->shard, s->model), s->request->cpu_offload_bytes);
}

vf_amount vf_ranks_offloaded(const vf_ranks *s, uint32_t device) {
  (void)device;
  return vf_amount_exact(offloaded(s), "pinned, read over the bus");
}

/* Configs tell of a tower whose tensors may not be known: CLIP and SigLIP take 0.6 to 0.8 GiB, the
 * larger ones of Qwen's models 1.3. */
vf_amount vf_ranks_tower(const vf_ranks *s, uint32_t device) {
  vf_interval size = {0, 600 * VF_MIB / s->tp, 1400 * VF_MIB / s->tp};
  (void)device;
  if (knows_tower(s->model) || !s->shard.first || s->request->text_only)
    size = (vf_interval){0, 0, 0};
  return vf_amount_within(size, VF_BASIS_ASSUMED, "for images or sound, not described");
}

vf_amount vf_ranks_context(const vf_ranks *s, uint32_t device) {
  vf_amount a =
      vf_amount_within(s->e->devices[device].device.context, VF_BASIS_ASSUMED, "beside the budget");
  a.beside = true;
  return a;
}

/* So many bytes of the tensors; within the spread of a format that a name does not tell the whole
 * of. */
vf_amount vf_ranks_stored(const vf_ranks *s, uint64_t bytes) {
  bool spread = s->model->share.expected != 0;
  return vf_amount_within(vf_model_weights_size(s->model, bytes),
                          spread ? VF_BASIS_MODELLED : VF_BASIS_EXACT,
                          s->tp > 1 ? "this rank's part" : "");
}

bool vf_ranks_linked(const vf_device *d) {
  enum { BRIDGE_MB_PER_S = 160000, HBM_MB_PER_S = 1900000 }; /* what is not told: by its memory */
  return d->link_mb_per_s > BRIDGE_MB_PER_S || d->bandwidth_mb_per_s >= HBM_MB_PER_S;
}

uint64_t vf_ranks_total(const vf_device *d) {
  if (d->kind == VF_DEVICE_UNIFIED || d->total_bytes < d->reserved_bytes) return d->total_bytes;
  return d->total_bytes - d->reserved_bytes;
}

static uint64_t outside_high(const vf_estimate *e, uint32_t device) {
  uint64_t sum = 0;
  for (size_t i = 0; i < e->n_lines; i++)
    if (e->lines[i].device == device && e->lines[i].outside) sum += e->lines[i].size.high_bytes;
  return sum;
}

void vf_ranks_set_budget(vf_ranks *s, uint32_t device, uint64_t total, uint64_t budget) {
  vf_device *d = &s->e->devices[device].device;
  uint64_t rest = total > budget ? total - budget : 0, target = d->headroom_bytes;
  if (d->headroom_permille != 0) target = vf_shard_part(total, d->headroom_permille, 1000);
  target += outside_high(s->e, device);
  d->headroom_bytes = target > rest ? target - rest : 0;
  d->headroom_permille = 0;
  d->reserved_bytes = d->total_bytes - vf_min_u64(budget + d->used_bytes, d->total_bytes);
}

static uint64_t less(uint64_t a, uint64_t b) {
  return a > b ? a - b : 0;
}

/* What the cache's own lines take of the need. */
static uint64_t cache_of(const vf_estimate *e, uint32_t device) {
  uint64_t sum = 0;
  for (size_t i = 0; i < e->n_lines; i++) {
    const vf_line *l = &e->lines[i];
    bool cache = l->part == VF_PART_KV_CACHE || l->part == VF_PART_STATE;
    if (l->device == device && cache && !l->outside) sum += l->size.bytes;
  }
  return sum;
}

vf_interval vf_ranks_pool(const vf_device_budget *b, vf_interval budget) {
  uint64_t cache = b->part_bytes[VF_PART_KV_CACHE] + b->part_bytes[VF_PART_STATE];
  return (vf_interval){less(budget.low_bytes, b->need.high_bytes - cache),
                       less(budget.bytes, b->need.bytes - cache),
                       less(budget.high_bytes, b->need.low_bytes - cache)};
}

/* The largest number whose square is no more. */
static uint64_t root(uint64_t square) {
  uint64_t n = 0;
  for (uint64_t bit = UINT64_C(1) << 31; bit != 0; bit >>= 1)
    if ((n + bit) * (n + bit) <= square) n += bit;
  return n;
}

/* What the lines of a device, but the cache's, may take more (or less) than expected, together:
 * how far the sampler is off says nothing of NCCL's buffers, so their squares add up; and what one
 * start differs from the next.  In MiB, of which 2^31 squared have room in 64 bits. */
static uint64_t joint_bytes(const vf_estimate *e, uint32_t device, bool more) {
  enum { START_MIB = 32 };
  uint64_t sum = 0;
  for (size_t i = 0; i < e->n_lines; i++) {
    const vf_line *l = &e->lines[i];
    bool cache = l->part == VF_PART_KV_CACHE || l->part == VF_PART_STATE;
    if (l->device != device || cache || l->outside) continue;
    uint64_t off = more ? l->size.high_bytes - l->size.bytes : l->size.bytes - l->size.low_bytes;
    uint64_t mib = vf_min_u64((off + VF_MIB - 1) / VF_MIB, UINT64_C(1) << 28);
    sum += mib * mib;
  }
  return (root(sum) + START_MIB) * VF_MIB;
}

vf_interval vf_ranks_pool_of(const vf_ranks *s, uint32_t device, vf_interval budget) {
  uint64_t used = s->e->devices[device].need.bytes - cache_of(s->e, device);
  uint64_t fewer = joint_bytes(s->e, device, false), more = joint_bytes(s->e, device, true);
  return (vf_interval){less(budget.low_bytes, used + more), less(budget.bytes, used),
                       less(budget.high_bytes, less(used, fewer))};
}

void vf_ranks_set_pool(vf_ranks *s, uint32_t device, vf_interval pool, uint64_t tokens) {
  vf_device_budget *b = &s->e->devices[device];
  vf_workload *w = s->w;
  b->has_pool = b->device.total_known;
  b->pool = pool;
  b->pool_tokens = tokens;
  uint64_t x100 = tokens / w->requested_ctx_tokens * 100 +
                  tokens % w->requested_ctx_tokens * 100 / w->requested_ctx_tokens;
  if (device == 0 || x100 * s->dp < w->max_concurrency_x100) w->max_concurrency_x100 = x100 * s->dp;
}

void vf_ranks_crowd(vf_ranks *s, uint32_t at_once) {
  vf_estimate_crowd(s->e, "too-many-seqs",
                    "%s starts, and runs %" PRIu32 " of the %" PRIu32
                    " requests at once: the others wait",
                    s->name, at_once, s->w->seqs);
}

void vf_ranks_assume(vf_ranks *s, const char *newest, const char *no_room) {
  vf_estimate *e = s->e;
  if (newest == NULL) newest = "the newest version of the engine that is known";
  if (no_room == NULL) no_room = "the engine would find no memory for its cache";
  if (e->version[0] == '\0') vf_estimate_assume(e, "engine-version", newest);
  if (s->request->ctx_tokens == 0 && !s->request->ctx_fits)
    vf_estimate_assume(e, "ctx-default", "no --ctx given: the model's whole context");
  bool told =
      s->request->rope_factor_ppm != 0 || s->request->ctx_limit_tokens != 0 || s->e->refused;
  if (s->model->max_ctx_tokens != 0 && s->w->requested_ctx_tokens > s->model->max_ctx_tokens &&
      !told && s->model->stretch.factor_ppm == 0)
    vf_estimate_assume(e, "ctx-beyond-model", "the context is beyond the model's own limit");
  if (s->request->tp == 0 && s->tp > 1)
    vf_estimate_assume(e, "tp-default", "no --tp given: all GPUs share every layer");
  if (!s->w->starts && !s->told) vf_estimate_assume(e, "does-not-start", no_room);
}
