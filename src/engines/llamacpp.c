/* llamacpp.c - llama.cpp's memory: settings, placement, weights, KV cache, buffers, runtime.
 *
 * The rules are those of release v0.5.0 (commit de3ff81 of 2026-09-28), read in its source and
 * compared with its own no-allocation breakdown; files and lines are given with each rule.  Exact
 * where the program's arithmetic is known: weights, cache, and the buffers of one device or of the
 * CPU alone.  Bounded where its scheduler splits a graph over several. */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "core/buffer.h"
#include "core/format.h"
#include "core/placement.h"
#include "engines/engine.h"
#include "engines/ggml_bound.h"
#include "engines/ggml_graph.h"
#include "engines/ggml_memo.h"
#include "engines/llamacpp.h"

/* ---- Defaults (common/common.h:445, src/llama-context.cpp:245-306) ------------------------ */

enum {
  DEFAULT_UBATCH = 512,
  DEFAULT_BATCH = 2048,
  CONTEXT_STEP = 256,    /* contexts are rounded up to this many cells */
  MAX_SEQS = 256,        /* LLAMA_MAX_SEQ */
  MAX_UBATCH = 1 << 20,  /* ours: a larger batch is a mistake, not a plan */
  OFFLOAD_MIN_ROWS = 32, /* a product of so many rows on host weights runs on the GPU */
};

/* llama-server keeps the states of past prompts in main memory: --cache-ram, 8192 MiB, but never
 * less than one whole sequence (tools/server, server_prompt_cache::update). */
static const uint64_t default_prompt_cache_bytes = 8192 * VF_MIB;

/* How each backend pads its buffers (ggml-cuda.cu:908; ggml-metal: page-aligned buffers whose
 * tensors take the CPU's alignment; ggml-backend.cpp). */
static const vf_buffer_rule buffer_rules[] = {
    [VF_BACKEND_CPU] = {32, 0},   [VF_BACKEND_CUDA] = {128, 512}, [VF_BACKEND_ROCM] = {128, 512},
    [VF_BACKEND_METAL] = {32, 0}, [VF_BACKEND_SYCL] = {128, 512}, [VF_BACKEND_OTHER] = {32, 0},
};
_Static_assert(sizeof buffer_rules / sizeof *buffer_rules == VF_BACKEND_COUNT, "every backend");

/* Everything that one estimate needs at hand. */
typedef struct plan {
  vf_estimate *e;
  const vf_model *model;
  const vf_request *request;
  vf_workload *w;
  vf_ggml_graph graph;
  vf_placement placement;
  uint32_t host;             /* index of the host's budget */
  uint32_t n_gpus;           /* devices that take part, the host not counted */
  bool cpu_only;             /* the host is the only device */
  uint64_t widest_v;         /* elements: a row of values of the widest layer */
  uint64_t layer_peak_bytes; /* device buffer without the logits */
  uint64_t full_peak_bytes;  /* device buffer with them */
  vf_interval whole_graph;   /* the same, as far as it is known */
  bool graph_known;
} plan;

/* ---- Settings --------------------------------------------------------------------------- */

/* Head sizes that CUDA's flash attention takes: K and V alike, or a few uneven pairs for so many
 * query heads per key head (ggml-cuda/fattn.cu:537).  Latent attention reads one wide key. */
static bool flash_attention_takes(const vf_layer *l) {
  static const uint32_t dims[] = {40, 64, 72, 80, 96, 112, 128, 256, 512};
  static const struct {
    uint32_t k, v, heads_per_kv;
  } pairs[] = {{192, 128, 8}, {320, 256, 32}, {576, 512, 2}};
  bool latent = l->kv_lora != 0;
  uint32_t k = latent ? l->kv_lora + l->rope_dim : l->k_dim, v = latent ? l->kv_lora : l->v_dim;
  uint32_t group = latent ? l->n_heads : l->n_heads / vf_max_u32(l->n_kv_heads, 1);
  for (size_t i = 0; k == v && i < sizeof dims / sizeof *dims; i++)
    if (k == dims[i]) return true;
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
    if (k == pairs[i].k && v == pairs[i].v) return group % pairs[i].heads_per_kv == 0;
  return false;
}

static bool attends(const vf_layer *l) {
  return (l->mixers & VF_MIX_ATTENTION) != 0 && (l->flags & VF_LAYER_MTP) == 0;
}

static bool all_layers_flash(const plan *p) {
  const vf_layer *l = p->model->layers;
  for (uint32_t i = 0; i < p->model->n_layers; i++) {
    bool like_the_last = i > 0 && l[i].k_dim == l[i - 1].k_dim && l[i].v_dim == l[i - 1].v_dim;
    if (!like_the_last && attends(&l[i]) && !flash_attention_takes(&l[i])) return false;
  }
  return true;
}

/* Which cache formats there are (common/arg.cpp, kv_cache_types). */
static bool is_cache_format(vf_format f) {
  static const vf_format formats[] = {VF_FORMAT_F32,  VF_FORMAT_F16,  VF_FORMAT_BF16,
                                      VF_FORMAT_Q8_0, VF_FORMAT_Q4_0, VF_FORMAT_Q4_1,
                                      VF_FORMAT_Q5_0, VF_FORMAT_Q5_1, VF_FORMAT_IQ4_NL};
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    if (f == formats[i]) return true;
  return false;
}

static vf_status check_cache_format(vf_format f, uint32_t head_dim, vf_error *err) {
  const vf_format_info *info = vf_format_get(f);
  if (!is_cache_format(f))
    return vf_fail(err, VF_UNSUPPORTED,
                   "llama.cpp has no %s cache (f32 f16 bf16 q8_0 q5_1 q5_0 q4_1 q4_0 iq4_nl)",
                   info->name);
  if (!vf_format_divides(f, head_dim))
    return vf_fail(err, VF_UNSUPPORTED,
                   "llama.cpp refuses a %s cache here: heads of %" PRIu32
                   " are not whole blocks of %" PRIu32,
                   info->name, head_dim, info->block_elements);
  return VF_OK;
}

/* Values of a latent attention are a part of its keys. */
static vf_status check_latent_formats(const vf_workload *w, const vf_cache_layer *c,
                                      vf_error *err) {
  if (c->kind != VF_CACHE_LATENT || w->kv_k == w->kv_v) return VF_OK;
  return vf_fail(err, VF_UNSUPPORTED,
                 "llama.cpp refuses a latent cache with keys in %s and values in %s: one row holds "
                 "both",
                 vf_format_get(w->kv_k)->name, vf_format_get(w->kv_v)->name);
}

static vf_status resolve_cache_formats(plan *p, vf_error *err) {
  vf_workload *w = p->w;
  w->kv_k = p->request->kv_k != VF_FORMAT_NONE ? p->request->kv_k : VF_FORMAT_F16;
  w->kv_v = p->request->kv_v != VF_FORMAT_NONE ? p->request->kv_v : VF_FORMAT_F16;
  for (size_t i = 0; i < p->model->n_caches; i++) {
    const vf_cache_layer *c = &p->model->caches[i];
    if (!vf_cache_has_cells(c) || (i > 0 && vf_cache_layer_equal(c, c - 1))) continue;
    vf_status status = check_cache_format(w->kv_k, c->k_dim, err);
    if (status == VF_OK && c->v_dim != 0) status = check_cache_format(w->kv_v, c->v_dim, err);
    if (status == VF_OK) status = check_latent_formats(w, c, err);
    if (status != VF_OK) return status;
  }
  w->flash_attn = p->request->flash_attn == VF_ON ||
                  (p->request->flash_attn == VF_AUTO && (p->cpu_only || all_layers_flash(p)));
  if (!w->flash_attn && vf_format_get(w->kv_v)->quantized)
    return vf_fail(err, VF_UNSUPPORTED, "llama.cpp refuses a %s V cache without flash attention%s",
                   vf_format_get(w->kv_v)->name,
                   p->request->flash_attn == VF_OFF ? "" : ", which does not take these heads");
  return VF_OK;
}

static vf_status check_model(const vf_model *m, vf_error *err) {
  if (m->checkpoint[0] != '\0')
    return vf_fail(err, VF_UNSUPPORTED,
                   "llama.cpp does not load '%s' weights: name a GGUF format with --quant",
                   m->checkpoint);
  if (m->arch[0] == '\0')
    return vf_fail(err, VF_UNSUPPORTED, "llama.cpp has no architecture for '%s' models", m->type);
  return VF_OK;
}

static vf_status check_backends(const plan *p, vf_error *err) {
  for (uint32_t d = 0; d < p->n_gpus; d++)
    if (p->e->devices[d].device.backend == VF_BACKEND_OTHER)
      return vf_fail(err, VF_UNSUPPORTED, "llama.cpp has no backend for %s",
                     p->e->devices[d].device.name);
  return VF_OK;
}

static vf_status resolve_sequences(plan *p, vf_error *err) {
  p->w->seqs = p->request->seqs != 0 ? p->request->seqs : 1;
  if (p->w->seqs > MAX_SEQS)
    return vf_fail(err, VF_UNSUPPORTED, "llama.cpp serves at most %d sequences, not %" PRIu32,
                   MAX_SEQS, p->w->seqs);
  if (p->request->ubatch_tokens > MAX_UBATCH)
    return vf_fail(err, VF_LIMIT, "a batch of %" PRIu32 " tokens is beyond %d",
                   p->request->ubatch_tokens, MAX_UBATCH);
  return VF_OK;
}

/* The context is rounded up per stream; a batch is not larger than the context that was asked
 * for, and a whole number of tokens per sequence. */
static vf_status resolve_context(plan *p, vf_error *err) {
  vf_workload *w = p->w;
  uint64_t total, per_seq, tokens;
  w->requested_ctx_tokens =
      p->request->ctx_tokens != 0 ? p->request->ctx_tokens : p->model->max_ctx_tokens;
  if (w->requested_ctx_tokens == 0)
    return vf_fail(err, VF_USAGE, "the model states no context length: give one with --ctx");
  w->kv_unified = p->request->kv_unified;
  total = w->requested_ctx_tokens * (w->kv_unified ? 1 : w->seqs);
  uint64_t ubatch = p->request->ubatch_tokens != 0 ? p->request->ubatch_tokens : DEFAULT_UBATCH;
  uint64_t batch = vf_min_u64(total, vf_max_u64(DEFAULT_BATCH, ubatch));
  ubatch = vf_min_u64(batch, ubatch);
  w->ubatch_tokens = (uint32_t)ubatch;
  if (!vf_align_up(&total, total, CONTEXT_STEP) ||
      !vf_align_up(&per_seq, w->kv_unified ? total : total / w->seqs, CONTEXT_STEP) ||
      !vf_align_up(&tokens, ubatch, w->seqs))
    return vf_fail(err, VF_OVERFLOW, "the context does not fit 64 bits");
  w->ctx_tokens = per_seq;
  p->graph.tokens = tokens;
  p->graph.cells = per_seq;
  p->graph.streams = w->kv_unified ? 1 : w->seqs;
  return VF_OK;
}

/* llama-server reserves logits for one row per sequence (server-context.cpp:1013). */
static void resolve_graph(plan *p) {
  vf_workload *w = p->w;
  uint32_t rows = p->request->output_rows != 0 ? p->request->output_rows : w->seqs;
  w->output_rows = (uint32_t)vf_min_u64(rows, p->graph.tokens);
  w->swa_full = p->request->swa_full;
  w->no_kv_offload = p->request->no_kv_offload && !p->cpu_only;
  p->graph.output_rows = w->output_rows;
  p->graph.kv_k = w->kv_k;
  p->graph.kv_v = w->kv_v;
  p->graph.flash_attn = w->flash_attn;
  p->graph.on_cpu = p->cpu_only;
  p->graph.seqs = w->seqs;
  p->graph.ubatch = w->ubatch_tokens;
  p->graph.swa_full = w->swa_full;
}

/* ---- Placement (src/llama-model.cpp:1521-1546) ------------------------------------------- */

/* Without --tensor-split the layers follow the free memory of the devices. */
static vf_status resolve_shares(const plan *p, uint64_t shares[VF_MAX_DEVICES], vf_error *err) {
  const vf_request *r = p->request;
  if (r->tensor_split_count > p->n_gpus)
    return vf_fail(err, VF_USAGE, "--tensor-split names %zu devices, but there are %" PRIu32,
                   r->tensor_split_count, p->n_gpus);
  uint64_t sum = 0;
  for (uint32_t d = 0; d < p->n_gpus; d++) {
    shares[d] = vf_device_capacity(&p->e->devices[d].device);
    if (r->tensor_split_count != 0) shares[d] = d < r->tensor_split_count ? r->tensor_split[d] : 0;
    sum += shares[d] != 0;
  }
  if (sum == 0 && r->tensor_split_count != 0)
    return vf_fail(err, VF_USAGE, "--tensor-split is all zeros");
  return VF_OK;
}

static vf_status place(plan *p, vf_error *err) {
  uint64_t shares[VF_MAX_DEVICES];
  uint32_t slots = p->model->n_layers + 1, on_gpu = slots;
  if (p->request->gpu_layers >= 0 && (uint32_t)p->request->gpu_layers < slots)
    on_gpu = (uint32_t)p->request->gpu_layers;
  if (p->cpu_only) on_gpu = 0;
  vf_status status = resolve_shares(p, shares, err);
  if (status != VF_OK) return status;
  vf_placement_split(&p->placement, slots, on_gpu, shares, p->cpu_only ? 1 : p->n_gpus, p->host);
  p->w->gpu_layers = on_gpu;
  return VF_OK;
}

/* Index of the budget that a slot's memory comes from. */
static uint32_t slot_budget(const plan *p, uint32_t slot) {
  return p->placement.device[slot];
}

static const vf_buffer_rule *rule_of(const plan *p, uint32_t budget) {
  return &buffer_rules[p->e->devices[budget].device.backend];
}

/* ---- Weights ---------------------------------------------------------------------------- */

static void add_to(const plan *p, uint64_t *sums, uint32_t budget, const vf_tensor *t) {
  sums[budget] += vf_buffer_tensor(rule_of(p, budget), t) * t->count;
}

/* Rope tables: one with the first layer, a further copy on every device that owns a layer. */
static void add_rope_table(const plan *p, uint64_t *sums, const vf_tensor *t) {
  uint32_t first = slot_budget(p, 0);
  add_to(p, sums, first, t);
  for (uint32_t d = 0; d < p->n_gpus; d++)
    if (d != first && vf_placement_has_slot(&p->placement, d, p->model->n_layers))
      add_to(p, sums, d, t);
}

/* Layers that predict further tokens are not loaded unless drafting asks for them; towers are
 * files of their own (--mmproj). */
static bool is_loaded(const plan *p, const vf_tensor *t) {
  return vf_roles[t->role].home != VF_HOME_TOWER && !vf_model_is_mtp(p->model, t);
}

static bool is_expert(const vf_tensor *t) {
  return t->role == VF_ROLE_FFN_GATE_EXPS || t->role == VF_ROLE_FFN_UP_EXPS ||
         t->role == VF_ROLE_FFN_DOWN_EXPS || t->role == VF_ROLE_FFN_GATE_UP_EXPS;
}

/* --n-cpu-moe: experts of the first layers stay where they are, biases with them. */
static bool stays_on_host(const plan *p, const vf_tensor *t) {
  return is_expert(t) && t->layer >= 0 && (uint32_t)t->layer < p->request->cpu_moe_layers;
}

/* What is not known to belong to a layer is counted where the output is, as if it were needed. */
static uint32_t layer_slot(const plan *p, const vf_tensor *t) {
  return t->layer < 0 ? p->model->n_layers : (uint32_t)t->layer;
}

/* The embedding is looked up on the host; a model without an output matrix keeps a second copy of
 * it wherever the output runs, unless that is the host too. */
static void add_weight(const plan *p, uint64_t *sums, const vf_tensor *t) {
  uint32_t output = slot_budget(p, p->model->n_layers);
  bool apart = output != p->host || (p->model->flags & VF_MODEL_EMBD_TWICE) != 0;
  bool copied = p->model->tied && t->role == VF_ROLE_TOKEN_EMBD && apart &&
                (p->model->flags & VF_MODEL_ENCODER) == 0;
  if (!is_loaded(p, t)) return;
  if (stays_on_host(p, t)) {
    add_to(p, sums, p->host, t);
    return;
  }
  switch (vf_roles[t->role].home) {
  case VF_HOME_INPUT:
    add_to(p, sums, p->host, t);
    if (copied) add_to(p, sums, output, t);
    break;
  case VF_HOME_FIRST: add_to(p, sums, slot_budget(p, 0), t); break;
  case VF_HOME_LAYER: add_to(p, sums, slot_budget(p, layer_slot(p, t)), t); break;
  case VF_HOME_OUTPUT: add_to(p, sums, output, t); break;
  case VF_HOME_ROPE: add_rope_table(p, sums, t); break;
  case VF_HOME_TOWER: break;
  }
}

static void add_weights(plan *p) {
  uint64_t sums[VF_MAX_DEVICES + 1];
  memset(sums, 0, p->e->n_devices * sizeof *sums);
  for (size_t i = 0; i < p->model->n_tensors; i++) add_weight(p, sums, &p->model->tensors[i]);
  for (uint32_t d = 0; d < p->e->n_devices; d++) {
    const char *note = d == p->host && !p->cpu_only ? "token embedding, layers not offloaded" : "";
    vf_estimate_add(
        p->e, (vf_line){d, VF_PART_WEIGHTS, "weights", vf_exactly(sums[d]), VF_BASIS_EXACT, note});
  }
}

/* ---- KV cache (src/llama-kv-cache.cpp:215-240) ------------------------------------------- */

static uint32_t cache_budget(const plan *p, const vf_cache_layer *c) {
  return p->w->no_kv_offload ? p->host : slot_budget(p, c->layer);
}

/* One tensor per layer for keys and one for values, over all streams; without flash attention
 * values lie transposed and take the width of the widest layer (src/llama-kv-cache.cpp:226). */
static bool cells_bytes(const plan *p, const vf_cache_layer *c, const vf_buffer_rule *rule,
                        uint64_t *out) {
  uint64_t k, v = 0, cells, per_stream = vf_ggml_cache_cells(p->model, &p->graph, c);
  uint64_t v_width = (uint64_t)c->n_kv_heads * c->v_dim;
  if (!p->w->flash_attn && c->v_dim != 0) v_width = p->widest_v;
  return vf_mul(&cells, per_stream, p->graph.streams) &&
         vf_buffer_bytes(&k, rule, p->w->kv_k, (uint64_t)c->n_kv_heads * c->k_dim, cells) &&
         (v_width == 0 || vf_buffer_bytes(&v, rule, p->w->kv_v, v_width, cells)) &&
         vf_add(out, k, v);
}

/* A state per sequence, in f32 (src/llama-memory-recurrent.cpp:101). */
static bool state_bytes(const plan *p, const vf_cache_layer *c, const vf_buffer_rule *rule,
                        uint64_t *out) {
  uint64_t conv, state;
  return vf_buffer_bytes(&conv, rule, VF_FORMAT_F32, c->conv, p->w->seqs) &&
         vf_buffer_bytes(&state, rule, VF_FORMAT_F32, c->state, p->w->seqs) &&
         vf_add(out, conv, state);
}

static bool cache_bytes(const plan *p, const vf_cache_layer *c, const vf_buffer_rule *rule,
                        uint64_t *out) {
  if (c->kind == VF_CACHE_STATE) return state_bytes(p, c, rule, out);
  return cells_bytes(p, c, rule, out);
}

/* The widest row of values of any layer. */
static uint64_t widest_value(const vf_model *m) {
  uint64_t widest = 0;
  for (size_t i = 0; i < m->n_caches; i++)
    if (vf_cache_has_cells(&m->caches[i]))
      widest = vf_max_u64(widest, (uint64_t)m->caches[i].n_kv_heads * m->caches[i].v_dim);
  return widest;
}

static void add_caches(plan *p, bool states, vf_part part, const char *name, const char *note) {
  uint64_t sums[VF_MAX_DEVICES + 1], bytes = 0;
  memset(sums, 0, p->e->n_devices * sizeof *sums);
  for (size_t i = 0; i < p->model->n_caches; i++) {
    const vf_cache_layer *c = &p->model->caches[i];
    if ((c->kind == VF_CACHE_STATE) != states) continue;
    uint32_t d = cache_budget(p, c);
    bool like_the_last = i > 0 && vf_cache_layer_equal(c, c - 1) && d == cache_budget(p, c - 1);
    bool known = like_the_last || cache_bytes(p, c, rule_of(p, d), &bytes);
    if (!known || !vf_add(&sums[d], sums[d], bytes)) p->e->overflow = true;
  }
  for (uint32_t d = 0; d < p->e->n_devices; d++)
    vf_estimate_add(p->e, (vf_line){d, part, name, vf_exactly(sums[d]), VF_BASIS_EXACT, note});
}

static void add_kv_cache(plan *p) {
  add_caches(p, false, VF_PART_KV_CACHE, "kv_cache", vf_format_get(p->w->kv_k)->name);
  add_caches(p, true, VF_PART_STATE, "recurrent_state", "f32, per sequence");
}

/* ---- Compute and output buffers ----------------------------------------------------------- */

/* True if one device runs the whole graph, so that its buffer is known to the byte. */
static bool runs_whole_graph(const plan *p) {
  return p->n_gpus == 1 && p->placement.first_slot == 0 && !p->w->no_kv_offload &&
         p->request->cpu_moe_layers == 0;
}

/* Largest matrix that stays on the host and is copied to a GPU to be multiplied there. */
static uint64_t staged_bytes(const plan *p) {
  uint64_t largest = 0;
  if (p->graph.tokens < OFFLOAD_MIN_ROWS) return 0;
  for (size_t i = 0; i < p->model->n_tensors; i++) {
    const vf_tensor *t = &p->model->tensors[i];
    vf_home home = vf_roles[t->role].home;
    uint32_t slot = home == VF_HOME_LAYER ? layer_slot(p, t) : p->model->n_layers;
    bool output = slot == p->model->n_layers;
    if (home == VF_HOME_ROPE || (home == VF_HOME_INPUT && !p->model->tied)) continue;
    if (output && p->w->output_rows < OFFLOAD_MIN_ROWS) continue;
    if (!is_loaded(p, t) || home == VF_HOME_FIRST) continue;
    if (stays_on_host(p, t)) largest = vf_max_u64(largest, t->bytes);
    if (slot < p->placement.first_slot) largest = vf_max_u64(largest, t->bytes);
  }
  return largest;
}

static bool is_recurrent(const vf_model *m) {
  for (size_t i = 0; i < m->n_caches; i++)
    if (m->caches[i].kind == VF_CACHE_STATE) return true;
  return false;
}

/* What the scheduler's copies of split inputs add, in batches of embeddings and masks: with whole
 * layers on several GPUs it keeps four copies to overlap batches (src/llama-context.cpp:429). */
static vf_interval pipelined_bytes(const plan *p, bool first, bool last) {
  uint64_t embd = p->graph.tokens * p->model->n_embd * 4, mask = 0;
  if (!vf_ggml_mask_bytes(&mask, &p->graph, p->graph.cells)) p->e->overflow = true;
  uint64_t bytes = p->layer_peak_bytes + 3 * mask + (first ? 4 : 8) * embd;
  uint64_t logits = (uint64_t)p->w->output_rows * p->model->n_vocab * 4;
  if (last) bytes = vf_max_u64(bytes, logits + 4 * mask + 9 * embd);
  return (vf_interval){bytes - bytes / 4, bytes, bytes + bytes / 5};
}

/* The largest cache of one layer that stays on the host and is copied to a GPU to attend to. */
static uint64_t staged_cache_bytes(const plan *p) {
  uint64_t largest = 0;
  for (size_t i = 0; i < p->model->n_caches; i++) {
    const vf_cache_layer *c = &p->model->caches[i];
    uint64_t bytes = 0;
    if (c->layer >= p->placement.first_slot) break;
    if (i > 0 && vf_cache_layer_equal(c, c - 1)) continue;
    if (!cache_bytes(p, c, &buffer_rules[VF_BACKEND_CPU], &bytes)) p->e->overflow = true;
    largest = vf_max_u64(largest, bytes);
  }
  return largest;
}

/* Part of the model on the host: the device's own graph, and between none and all of what may be
 * staged at once, one matrix and one layer's cache. */
static vf_interval partial_bytes(const plan *p, bool last) {
  uint64_t embd = p->graph.tokens * p->model->n_embd * 4;
  uint64_t staged = staged_bytes(p) + staged_cache_bytes(p) + 4 * embd;
  uint64_t bytes = last ? p->full_peak_bytes : p->layer_peak_bytes;
  if (p->w->no_kv_offload) staged += 10 * embd;
  if (is_recurrent(p->model)) staged += 8 * embd;
  return (vf_interval){bytes - bytes / 10, bytes + staged / 2, bytes + bytes / 8 + staged};
}

/* What is uncertain about the whole graph is as uncertain about its parts. */
static vf_interval widened(const plan *p, vf_interval size) {
  uint64_t below = p->whole_graph.bytes - p->whole_graph.low_bytes;
  uint64_t above = p->whole_graph.high_bytes - p->whole_graph.bytes;
  return (vf_interval){size.low_bytes > below ? size.low_bytes - below : 0, size.bytes,
                       size.high_bytes + above};
}

static void add_device_compute(plan *p, uint32_t d) {
  vf_line line = {.device = d, .part = VF_PART_COMPUTE, .name = "compute", .note = ""};
  bool pipelined = p->n_gpus > 1 && p->placement.first_slot == 0 && !p->w->no_kv_offload &&
                   p->request->cpu_moe_layers == 0;
  bool last = d + 1 == p->n_gpus;
  line.basis = VF_BASIS_MODELLED;
  if (runs_whole_graph(p)) {
    line.size = p->whole_graph;
    if (p->graph_known) line.basis = VF_BASIS_EXACT;
  } else {
    line.size = pipelined ? pipelined_bytes(p, d == 0, last) : partial_bytes(p, last);
    line.size = widened(p, line.size);
  }
  vf_estimate_add(p->e, line);
}

/* Several GPUs: each split keeps its own copies of the inputs; states are gathered on the host
 * where they cross from one device to another. */
static vf_interval host_compute(const plan *p, uint64_t inputs) {
  uint64_t embd = p->graph.tokens * p->model->n_embd * 4;
  uint64_t states = is_recurrent(p->model) ? 8 * embd : 0;
  if (runs_whole_graph(p)) return vf_exactly(inputs);
  if (p->n_gpus == 1 || p->placement.first_slot != 0)
    return (vf_interval){inputs, inputs + embd / 2, inputs + 2 * embd + states};
  uint64_t copies = p->n_gpus == 2 ? 2 : 3;
  return (vf_interval){2 * inputs, copies * inputs + states / 2, (copies + 1) * inputs + states};
}

/* The device's buffer of the whole graph: exact where its operations are known, else bounded. */
static vf_status measure_graph(plan *p, vf_error *err) {
  vf_ggml_graph no_logits = p->graph;
  vf_interval bound;
  p->graph_known = vf_ggml_graph_is_known(p->model);
  no_logits.output_rows = 1;
  if (!p->graph_known) {
    vf_status status = vf_ggml_device_bound(&p->whole_graph, p->model, &p->graph, err);
    if (status == VF_OK) status = vf_ggml_device_bound(&bound, p->model, &no_logits, err);
    p->full_peak_bytes = p->whole_graph.bytes;
    p->layer_peak_bytes = bound.bytes;
    return status;
  }
  vf_status status =
      vf_ggml_device_buffer_again(&p->full_peak_bytes, &p->e->memo, p->model, &p->graph, err);
  p->whole_graph = vf_exactly(p->full_peak_bytes);
  p->layer_peak_bytes = p->full_peak_bytes;
  if (status == VF_OK && !runs_whole_graph(p) && !p->cpu_only)
    status =
        vf_ggml_device_buffer_again(&p->layer_peak_bytes, &p->e->memo, p->model, &no_logits, err);
  return status;
}

static vf_interval plus_bytes(vf_interval a, uint64_t bytes) {
  return (vf_interval){a.low_bytes + bytes, a.bytes + bytes, a.high_bytes + bytes};
}

/* On the host alone one buffer holds the graph and its inputs. */
static vf_interval cpu_compute(const plan *p, uint64_t inputs) {
  return p->graph_known ? p->whole_graph : plus_bytes(p->whole_graph, inputs);
}

static vf_status add_compute(plan *p, vf_error *err) {
  uint64_t inputs;
  vf_status status = measure_graph(p, err);
  if (status == VF_OK)
    status = vf_ggml_host_buffer_again(&inputs, &p->e->memo, p->model, &p->graph, err);
  if (status != VF_OK) return status;
  for (uint32_t d = 0; d < p->n_gpus; d++) add_device_compute(p, d);
  vf_interval host = p->cpu_only ? cpu_compute(p, inputs) : host_compute(p, inputs);
  vf_basis basis = host.low_bytes == host.high_bytes ? VF_BASIS_EXACT : VF_BASIS_MODELLED;
  vf_estimate_add(p->e, (vf_line){p->host, VF_PART_COMPUTE, "compute", host, basis,
                                  p->cpu_only ? "" : "the graph's inputs"});
  return VF_OK;
}

/* One row of logits per sequence at start; it grows to the rows that a batch asks for
 * (src/llama-context.cpp:2103). */
static void add_output(plan *p) {
  uint64_t row = p->model->n_vocab * 4;
  uint64_t start = row * p->w->seqs, most = row * vf_max_u64(p->w->seqs, p->w->output_rows);
  vf_estimate_add(
      p->e,
      (vf_line){p->host, VF_PART_OUTPUT, "output", {start, start, most}, VF_BASIS_EXACT, "logits"});
}

/* ---- Runtime memory --------------------------------------------------------------------- */

/* Scratch that kernels keep: activations repacked to 8 bits (36 bytes per 32, rows padded to 512)
 * or as f16, of the widest matrix (ggml-cuda/mmq.cu, common.cuh:1549).  The pool never shrinks and
 * grows in steps, hence the wide interval. */
static vf_interval scratch_bytes(const plan *p) {
  uint64_t widest, bytes = 0;
  if (!vf_align_up(&widest, p->model->widest_row, 512) || !vf_mul(&bytes, widest, p->graph.tokens))
    p->e->overflow = true;
  bytes = bytes / 32 * 36;
  return (vf_interval){0, bytes, 2 * bytes + 64 * VF_MIB};
}

/* cuBLAS: 32 MiB for compute capability 9.0 and later, 4 MiB before, if it is used at all. */
static vf_interval workspace_bytes(const vf_device *d) {
  uint64_t most = d->compute_capability >= 90 ? 32 * VF_MIB : 4 * VF_MIB;
  return (vf_interval){0, most, most};
}

static vf_interval sum_intervals(vf_interval a, vf_interval b) {
  return (vf_interval){a.low_bytes + b.low_bytes, a.bytes + b.bytes, a.high_bytes + b.high_bytes};
}

static void add_runtime(plan *p) {
  vf_interval scratch = scratch_bytes(p);
  for (uint32_t d = 0; d < p->n_gpus; d++) {
    const vf_device *device = &p->e->devices[d].device;
    vf_interval size = device->context;
    if (device->backend == VF_BACKEND_CUDA || device->backend == VF_BACKEND_ROCM)
      size = sum_intervals(size, sum_intervals(scratch, workspace_bytes(device)));
    vf_estimate_add(p->e, (vf_line){d, VF_PART_RUNTIME, "runtime", size, VF_BASIS_ASSUMED,
                                    "context, libraries, kernel scratch"});
  }
}

static void add_prompt_cache(plan *p) {
  uint64_t one_sequence = 0, limit = default_prompt_cache_bytes;
  if (p->request->prompt_cache_bytes >= 0) limit = (uint64_t)p->request->prompt_cache_bytes;
  if (limit == 0) return;
  for (uint32_t d = 0; d < p->e->n_devices; d++)
    one_sequence += p->e->devices[d].part_bytes[VF_PART_KV_CACHE] / p->graph.streams;
  uint64_t most = vf_max_u64(limit, one_sequence);
  vf_estimate_add(p->e, (vf_line){p->host,
                                  VF_PART_RUNTIME,
                                  "prompt_cache",
                                  {0, 0, most},
                                  VF_BASIS_ASSUMED,
                                  "grows with use; --cache-ram 0 turns it off"});
}

/* ---- Towers, adapters, draft models ------------------------------------------------------- */

/* The tower lies on the first device (tools/mtmd/clip.cpp); its graph depends on the image. */
static void add_mmproj(plan *p) {
  static const uint64_t most_compute = 1024 * VF_MIB;
  uint64_t bytes = p->request->mmproj_bytes;
  if (bytes == 0) return;
  vf_estimate_add(p->e, (vf_line){0, VF_PART_WEIGHTS, "mmproj", vf_exactly(bytes), VF_BASIS_EXACT,
                                  "tower for images or sound"});
  vf_estimate_add(p->e, (vf_line){0,
                                  VF_PART_COMPUTE,
                                  "mmproj_compute",
                                  {0, most_compute / 4, most_compute},
                                  VF_BASIS_ASSUMED,
                                  "grows with the image"});
}

/* An adapter's tensors lie where the matrices are that they change: layer by layer. */
static void add_lora(plan *p) {
  uint64_t slots[VF_MAX_DEVICES + 1], left = p->request->lora_bytes;
  uint32_t n = p->model->n_layers;
  if (left == 0) return;
  memset(slots, 0, p->e->n_devices * sizeof *slots);
  for (uint32_t i = 0; i < n; i++) slots[slot_budget(p, i)]++;
  for (uint32_t d = 0; d < p->e->n_devices; d++) {
    uint64_t bytes = vf_min_u64(left, p->request->lora_bytes / n * slots[d] + n);
    if (slots[d] == 0) continue;
    vf_estimate_add(p->e, (vf_line){d, VF_PART_WEIGHTS, "lora", vf_exactly(bytes),
                                    VF_BASIS_MODELLED, "adapters"});
    left -= bytes;
  }
}

static const char *draft_name(const char *name) {
  static const char *const names[][2] = {{"weights", "draft_weights"},
                                         {"kv_cache", "draft_kv_cache"},
                                         {"recurrent_state", "draft_state"},
                                         {"compute", "draft_compute"},
                                         {"output", "draft_output"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i][0]) == 0) return names[i][1];
  return name;
}

/* ---- Assumptions ------------------------------------------------------------------------ */

static bool is_cuda_cache_format(vf_format f) {
  return f != VF_FORMAT_IQ4_NL;
}

static void add_assumptions(plan *p) {
  vf_estimate *e = p->e;
  const vf_device *d = &e->devices[0].device;
  vf_estimate_assume(e, "program", "llama-server runs it: logits for one row per sequence");
  if (p->request->ctx_tokens == 0)
    vf_estimate_assume(e, "ctx-default", "no --ctx given: the model's whole context");
  if (p->model->max_ctx_tokens != 0 && p->w->requested_ctx_tokens > p->model->max_ctx_tokens)
    vf_estimate_assume(e, "ctx-beyond-model", "the context is beyond the model's own limit");
  if (d->kind == VF_DEVICE_UNIFIED)
    vf_estimate_assume(e, "shared-pool",
                       "the pool is shared with the operating system: what is free in it moves");
  if (d->kind == VF_DEVICE_DISCRETE && d->used_bytes == 0)
    vf_estimate_assume(e, "gpu-idle", "nothing else uses the GPU (--used says otherwise)");
  if ((p->model->flags & VF_MODEL_HAS_TOWER) && p->request->mmproj_bytes == 0)
    vf_estimate_assume(e, "no-mmproj", "text alone: images or sound need a tower (--mmproj FILE)");
  if (!p->cpu_only && (!is_cuda_cache_format(p->w->kv_k) || !is_cuda_cache_format(p->w->kv_v)))
    vf_estimate_assume(e, "kv-format-cpu",
                       "GPU flash attention has no iq4_nl: attention falls back to the CPU");
  if (p->n_gpus > 1 && e->devices[p->n_gpus - 1].device.host != d->host)
    vf_estimate_assume(
        e, "several-hosts",
        "other hosts are reached through rpc-server, which takes more than is counted");
  if (d->backend == VF_BACKEND_ROCM || d->backend == VF_BACKEND_METAL ||
      d->backend == VF_BACKEND_SYCL)
    vf_estimate_assume(e, "backend-cuda-rules",
                       "compute buffers follow the CUDA backend's rules, which were checked");
}

/* ---- The engine ------------------------------------------------------------------------- */

static uint32_t count_gpus(const vf_estimate *e, const vf_request *request) {
  uint32_t n = (uint32_t)e->n_devices - 1;
  return n > 1 && request->split == VF_SPLIT_NONE ? 1 : n;
}

/* What a model takes by itself: all but the process around it. */
static vf_status add_model(plan *p, vf_error *err) {
  vf_status status = check_model(p->model, err);
  if (status == VF_OK) status = resolve_sequences(p, err);
  if (status == VF_OK) status = resolve_context(p, err);
  if (status == VF_OK) status = resolve_cache_formats(p, err);
  if (status == VF_OK) status = place(p, err);
  if (status != VF_OK) return status;
  resolve_graph(p);
  p->widest_v = widest_value(p->model);
  add_weights(p);
  add_kv_cache(p);
  status = add_compute(p, err);
  if (status == VF_OK) add_output(p);
  return status;
}

/* The draft model has a context of its own, as long as the target's, on the same devices. */
static vf_status add_draft(const plan *target, vf_error *err) {
  plan p = *target;
  vf_workload workload = *target->w;
  size_t first = p.e->n_lines;
  if (target->request->draft == NULL) return VF_OK;
  p.model = target->request->draft;
  p.w = &workload;
  vf_status status = add_model(&p, err);
  for (size_t i = first; i < p.e->n_lines; i++) p.e->lines[i].name = draft_name(p.e->lines[i].name);
  return status;
}

static vf_status estimate(vf_estimate *e, const vf_request *request, vf_error *err) {
  plan p; /* placement is large: filled as far as it is used */
  p.e = e;
  p.model = e->model;
  p.request = request;
  p.w = &e->workload;
  p.host = (uint32_t)e->n_devices - 1;
  p.cpu_only = e->n_devices == 1;
  p.n_gpus = count_gpus(e, request);
  vf_status status = check_backends(&p, err);
  if (status == VF_OK) status = add_model(&p, err);
  if (status != VF_OK) return status;
  add_mmproj(&p);
  add_lora(&p);
  add_runtime(&p);
  add_prompt_cache(&p);
  add_assumptions(&p);
  return add_draft(&p, err);
}

static const char *const aliases[] = {"llamacpp", "llama-server", "llama-cli", "gguf", NULL};

/* What llama.cpp's users mean by a short name: the recipe of the most common file of that size. */
static const vf_quant_alias quants[] = {
    {"q2", "Q2_K"},     {"q3", "Q3_K_M"},   {"q4", "Q4_K_M"},   {"q5", "Q5_K_M"},
    {"q6", "Q6_K"},     {"q8", "Q8_0"},     {"q4_k", "Q4_K_M"}, {"q5_k", "Q5_K_M"},
    {"q3_k", "Q3_K_M"}, {"fp16", "F16"},    {"half", "F16"},    {"bfloat16", "BF16"},
    {"fp32", "F32"},    {"float16", "F16"}, {"4bit", "Q4_K_M"}, {"8bit", "Q8_0"},
    {NULL, NULL},
};

/* What convert_hf_to_gguf.py makes of a quantized checkpoint: experts in MXFP4 stay so, everything
 * else is expanded. */
static const vf_quant_alias converts[] = {{"mxfp4", "MXFP4_MOE"}, {"", "BF16"}, {NULL, NULL}};

const vf_engine vf_engine_llamacpp = {
    .name = "llama.cpp",
    .aliases = aliases,
    .version = "v0.5.0",
    .checked = "2026-09-28",
    .quants = quants,
    .converts = converts,
    .max_seqs = MAX_SEQS,
    .estimate = estimate,
    .explain = vf_llamacpp_explain,
};
