/* memory.c - where llama.cpp puts weights and caches, and how many bytes they take there.
 */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "core/format.h"
#include "core/shard.h"
#include "engines/engine.h"
#include "engines/llamacpp/plan.h"

/* How each backend pads its buffers (ggml-cuda.cu:908; ggml-metal: page-aligned buffers whose
 * tensors take the CPU's alignment; ggml-backend.cpp). */
const vf_buffer_rule vf_llamacpp_buffer_rules[VF_BACKEND_COUNT] = {
    [VF_BACKEND_CPU] = {32, 0},     [VF_BACKEND_CUDA] = {128, 512}, [VF_BACKEND_ROCM] = {128, 512},
    [VF_BACKEND_METAL] = {32, 0},   [VF_BACKEND_SYCL] = {128, 512}, [VF_BACKEND_OTHER] = {32, 0},
    [VF_BACKEND_VULKAN] = {128, 0},
};

/* ---- Placement (src/llama-model.cpp:1521-1546) ------------------------------------------ */

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

vf_status vf_llamacpp_place(plan *p, vf_error *err) {
  uint64_t shares[VF_MAX_DEVICES];
  uint32_t slots = p->model->n_layers + 1, on_gpu = slots;
  if (p->request->gpu_layers >= 0 && (uint32_t)p->request->gpu_layers < slots)
    on_gpu = (uint32_t)p->request->gpu_layers;
  if (p->cpu_only) on_gpu = 0;
  vf_status status = resolve_shares(p, shares, err);
  if (status != VF_OK) return status;
  p->on_main = vf_llamacpp_by_rows(p) && p->program->foreign;
  for (uint32_t d = 1; p->on_main && d < p->n_gpus; d++) shares[d] = 0;
  bool output_last = vf_ggml_holds(p->graph.rules, VF_RULE_OUTPUT_LAST);
  (output_last ? vf_placement_split_output_last : vf_placement_split)(
      &p->placement, slots, on_gpu, shares, p->cpu_only ? 1 : p->n_gpus, p->host);
  p->w->gpu_layers = on_gpu;
  return VF_OK;
}

bool vf_llamacpp_by_rows(const plan *p) {
  return p->n_gpus > 1 && p->request->split == VF_SPLIT_ROW;
}

/* Index of the budget that a slot's memory comes from. */
uint32_t vf_llamacpp_slot_budget(const plan *p, uint32_t slot) {
  return p->placement.device[slot];
}

static const vf_buffer_rule *rule_of(const plan *p, uint32_t budget) {
  return &vf_llamacpp_buffer_rules[p->e->devices[budget].device.backend];
}

/* ---- Weights ---------------------------------------------------------------------------- */

/* What lies in a buffer: as it is stated, and within the shares of a mix, tensor by tensor. */
typedef struct heap {
  uint64_t stated;
  vf_interval size;
} heap;

static void put(const plan *p, heap *h, const vf_tensor *t, uint64_t bytes) {
  vf_interval size = vf_model_tensor_size(p->model, t, bytes);
  h->stated += bytes;
  h->size.low_bytes += size.low_bytes;
  h->size.bytes += size.bytes;
  h->size.high_bytes += size.high_bytes;
}

static void add_to(const plan *p, heap *sums, uint32_t budget, const vf_tensor *t) {
  put(p, &sums[budget], t, vf_buffer_tensor(rule_of(p, budget), t) * t->count);
}

/* Rope tables: one with the first layer, a further copy on every device that owns a layer. */
static void add_rope_table(const plan *p, heap *sums, const vf_tensor *t) {
  uint32_t first = vf_llamacpp_slot_budget(p, 0);
  add_to(p, sums, first, t);
  for (uint32_t d = 0; d < p->n_gpus; d++)
    if (d != first && vf_placement_has_slot(&p->placement, d, p->model->n_layers))
      add_to(p, sums, d, t);
}

/* Layers that predict further tokens are not loaded unless drafting asks for them; towers are
 * files of their own (--mmproj). */
bool vf_llamacpp_is_loaded(const plan *p, const vf_tensor *t) {
  bool feeds = t->role >= VF_ROLE_FFN_GATE && t->role <= VF_ROLE_FFN_SHEXP_GATE;
  bool always = feeds && (p->model->flags & VF_MODEL_MTP_FEEDS) != 0;
  return vf_roles[t->role].home != VF_HOME_TOWER &&
         (p->request->mtp || always || !vf_model_is_mtp(p->model, t));
}

/* --n-cpu-moe: experts of the first layers stay where they are, biases with them. */
bool vf_llamacpp_stays_on_host(const plan *p, const vf_tensor *t) {
  return vf_role_is_expert(t->role) && t->layer >= 0 &&
         (uint32_t)t->layer < p->request->cpu_moe_layers;
}

/* What is not known to belong to a layer is counted where the output is, as if it were needed. */
uint32_t vf_llamacpp_layer_slot(const plan *p, const vf_tensor *t) {
  bool outside = t->layer < 0 || (uint32_t)t->layer > p->model->n_layers;
  return outside ? p->model->n_layers : (uint32_t)t->layer;
}

/* The embedding is looked up on the host; a model without an output matrix keeps a second copy of
 * it wherever the output runs, unless that is the host too. */
static void add_input(const plan *p, heap *sums, const vf_tensor *t) {
  uint32_t output = vf_llamacpp_slot_budget(p, p->model->n_layers);
  bool apart = output != p->host || (p->model->flags & VF_MODEL_EMBD_TWICE) != 0;
  bool copied = p->model->tied && t->role == VF_ROLE_TOKEN_EMBD && apart &&
                (p->model->flags & VF_MODEL_ENCODER) == 0;
  add_to(p, sums, p->host, t);
  if (copied) add_to(p, sums, output, t);
}

static bool has_short_convolutions(const vf_model *m) {
  for (uint32_t i = 0; i < m->n_layers; i++)
    if (m->layers[i].mixers & VF_MIX_SHORTCONV) return true;
  return false;
}

static void add_weight(const plan *p, heap *sums, const vf_tensor *t) {
  uint32_t there = p->host;
  bool scans =
      t->role == VF_ROLE_SSM_A || (t->role == VF_ROLE_SSM_CONV && t->suffix == VF_SUFFIX_WEIGHT);
  if (!vf_llamacpp_is_loaded(p, t)) return;
  bool stays = t->role == VF_ROLE_OUTPUT_NORM && has_short_convolutions(p->model) &&
               vf_ggml_holds(p->graph.rules, VF_RULE_NORM_AS_INPUT);
  if (stays || (scans && vf_ggml_holds(p->graph.rules, VF_RULE_SCAN_ON_HOST))) {
    add_to(p, sums, p->host, t);
    return;
  }
  if ((p->moved != NULL && vf_llamacpp_override(p, t, &there)) || vf_llamacpp_stays_on_host(p, t)) {
    add_to(p, sums, there, t);
    return;
  }
  switch (vf_roles[t->role].home) {
  case VF_HOME_INPUT: add_input(p, sums, t); break;
  case VF_HOME_FIRST: add_to(p, sums, vf_llamacpp_slot_budget(p, 0), t); break;
  case VF_HOME_LAYER:
    add_to(p, sums, vf_llamacpp_slot_budget(p, vf_llamacpp_layer_slot(p, t)), t);
    break;
  case VF_HOME_OUTPUT: add_to(p, sums, vf_llamacpp_slot_budget(p, p->model->n_layers), t); break;
  case VF_HOME_ROPE: add_rope_table(p, sums, t); break;
  case VF_HOME_TOWER: break;
  }
}

/* Tensors by rows or columns over all GPUs; what has one dimension is on each of them. */
static void add_share(const plan *p, heap *sums, const vf_tensor *t) {
  vf_home home = vf_roles[t->role].home;
  uint64_t whole = vf_buffer_tensor(rule_of(p, 0), t) * t->count;
  bool mirrored = vf_tensor_dims(t) < 2 || home == VF_HOME_ROPE;
  bool looked_up = home == VF_HOME_INPUT;
  if (!vf_llamacpp_is_loaded(p, t)) return;
  if (looked_up) add_to(p, sums, p->host, t);
  if (looked_up && !(p->model->tied && t->role == VF_ROLE_TOKEN_EMBD)) return;
  for (uint32_t d = 0; d < p->n_gpus; d++)
    put(p, &sums[d], t, mirrored ? whole : whole / p->n_gpus + (whole % p->n_gpus != 0));
}

enum { ROWS_ROUNDED = 500 };

/* Rows of a layer's matrices and of the output's, in the devices' shares; what is no matrix, and
 * all experts of a layer in one tensor, where the layer is. */
static void add_rows(const plan *p, heap *sums, const vf_tensor *t) {
  vf_home home = vf_roles[t->role].home;
  bool placed = home == VF_HOME_LAYER || home == VF_HOME_OUTPUT;
  uint32_t slot = home == VF_HOME_LAYER ? vf_llamacpp_layer_slot(p, t) : p->model->n_layers;
  bool divided = placed && vf_tensor_dims(t) == 2 && t->suffix == VF_SUFFIX_WEIGHT &&
                 vf_llamacpp_slot_budget(p, slot) != p->host;
  uint64_t whole = vf_buffer_tensor(rule_of(p, 0), t) * t->count, sum = 0;
  uint64_t shares[VF_MAX_DEVICES];
  vf_error ignored;
  if (!divided || resolve_shares(p, shares, &ignored) != VF_OK) {
    add_weight(p, sums, t);
    return;
  }
  if (!vf_llamacpp_is_loaded(p, t)) return;
  for (uint32_t d = 0; d < p->n_gpus; d++) sum += shares[d];
  for (uint32_t d = 0; d < p->n_gpus; d++) {
    uint64_t part = vf_shard_part(whole, shares[d], sum);
    put(p, &sums[d], t, part);
    sums[d].size.low_bytes -= part / ROWS_ROUNDED; /* parts are whole groups of rows */
    sums[d].size.high_bytes += part / ROWS_ROUNDED;
  }
}

static bool by_tensor(const plan *p) {
  return p->n_gpus > 1 && p->request->split == VF_SPLIT_TENSOR;
}

/* What is mapped can be dropped and read again; what is not is pinned where there is a GPU. */
static const char *host_note(const plan *p) {
  if (p->cpu_only) return p->request->no_mmap ? "in memory" : "mapped from the file";
  return p->request->no_mmap ? "token embedding, layers not offloaded; pinned"
                             : "token embedding, layers not offloaded; mapped from the file";
}

/* All that the sums follow from; 0: they are not remembered. */
static uint64_t key_of(const plan *p) {
  const vf_request *r = p->request;
  if (p->moved != NULL || vf_llamacpp_by_rows(p) || p->e->n_devices > VF_MEMO_PLACES / 16) return 0;
  uint64_t h = vf_stir(p->model->content, (uint64_t)p->model->flags << 32 | p->model->n_layers);
  h = vf_stir(h, (uint64_t)p->model->share.low << 32 | p->model->share.high);
  h = vf_stir(h, (uint64_t)r->cpu_moe_layers << 32 | (uint64_t)r->mtp << 2 |
                     (uint64_t)p->model->tied << 1 | by_tensor(p));
  for (uint32_t d = 0; d < p->e->n_devices; d++) h = vf_stir(h, p->e->devices[d].device.backend);
  for (uint32_t i = 0; i <= p->model->n_layers; i++) h = vf_stir(h, vf_llamacpp_slot_budget(p, i));
  return h;
}

/* The figures of a heap, one after the other. */
enum { HEAP_FIGURES = 4 };

static uint64_t *heap_figure(heap *h, size_t i) {
  uint64_t *const figures[HEAP_FIGURES] = {&h->stated, &h->size.low_bytes, &h->size.bytes,
                                           &h->size.high_bytes};
  return figures[i];
}

static bool recall_sums(const plan *p, uint64_t key, heap *sums) {
  for (uint64_t i = 0; i < p->e->n_devices * HEAP_FIGURES; i++)
    if (key == 0 || !vf_memo_has(&p->e->memo, vf_stir(key, i),
                                 heap_figure(&sums[i / HEAP_FIGURES], i % HEAP_FIGURES)))
      return false;
  return true;
}

static void sum_weights(const plan *p, heap *sums) {
  uint64_t key = key_of(p);
  if (recall_sums(p, key, sums)) return;
  memset(sums, 0, p->e->n_devices * sizeof *sums);
  bool rows = vf_llamacpp_by_rows(p);
  for (size_t i = 0; i < p->model->n_tensors; i++)
    (by_tensor(p) ? add_share : rows ? add_rows : add_weight)(p, sums, &p->model->tensors[i]);
  for (uint64_t i = 0; key != 0 && i < p->e->n_devices * HEAP_FIGURES; i++)
    vf_memo_keep(&p->e->memo, vf_stir(key, i),
                 *heap_figure(&sums[i / HEAP_FIGURES], i % HEAP_FIGURES));
}

static uint64_t less(uint64_t a, uint64_t b) {
  return a > b ? a - b : 0;
}

/* A device holds what the other ones leave of the file, whose size is better known than that of its
 * parts.  A matrix that is held twice counts twice in the sum, where the file's size says nothing
 * of it. */
static vf_interval within_file(const plan *p, const heap *sums, uint32_t device) {
  heap all = {0, {0, 0, 0}};
  vf_interval size = sums[device].size;
  if (p->model->share.expected == 0 || p->model->tied || by_tensor(p)) return size;
  for (uint32_t d = 0; d < p->e->n_devices; d++) {
    all.stated += sums[d].stated;
    all.size.low_bytes += sums[d].size.low_bytes;
    all.size.high_bytes += sums[d].size.high_bytes;
  }
  vf_interval file = vf_model_weights_size(p->model, all.stated);
  uint64_t others_low = all.size.low_bytes - size.low_bytes;
  uint64_t others_high = all.size.high_bytes - size.high_bytes;
  size.low_bytes = vf_max_u64(size.low_bytes, less(file.low_bytes, others_high));
  size.high_bytes = vf_min_u64(size.high_bytes, less(file.high_bytes, others_low));
  size.high_bytes = vf_max_u64(size.high_bytes, size.low_bytes);
  size.bytes = vf_min_u64(vf_max_u64(size.bytes, size.low_bytes), size.high_bytes);
  return size;
}

void vf_llamacpp_add_weights(plan *p) {
  heap sums[VF_MAX_DEVICES + 1];
  sum_weights(p, sums);
  for (uint32_t d = 0; d < p->e->n_devices; d++) {
    vf_interval size = within_file(p, sums, d);
    bool exact = size.low_bytes == size.high_bytes;
    const char *own = p->model->from_file || !exact ? "" : "as llama.cpp's tools write it";
    const char *note = d == p->host ? host_note(p) : own;
    vf_estimate_add(p->e, (vf_line){d, VF_PART_WEIGHTS, "weights", size,
                                    exact ? VF_BASIS_EXACT : VF_BASIS_MODELLED, note});
  }
}

/* ---- KV cache (src/llama-kv-cache.cpp:215-240) ------------------------------------------ */

static uint32_t cache_budget(const plan *p, const vf_cache_layer *c) {
  return p->w->no_kv_offload ? p->host : vf_llamacpp_slot_budget(p, c->layer);
}

/* As one row each, in builds that had them so. */
static bool flat_bytes(const plan *p, const vf_cache_layer *c, const vf_buffer_rule *rule,
                       uint64_t cells, uint64_t v_width, uint64_t *out) {
  uint64_t k_all, v_all, k, v = 0;
  return vf_mul3(&k_all, cells, c->n_kv_heads, c->k_dim) && vf_mul(&v_all, cells, v_width) &&
         vf_buffer_bytes(&k, rule, p->w->kv_k, k_all, 1) &&
         (v_all == 0 || vf_buffer_bytes(&v, rule, p->w->kv_v, v_all, 1)) && vf_add(out, k, v);
}

/* One tensor per layer for keys and one for values, over all streams; without flash attention
 * values lie transposed and take the width of the widest layer (src/llama-kv-cache.cpp:226). */
static bool cells_bytes(const plan *p, const vf_cache_layer *c, const vf_buffer_rule *rule,
                        uint64_t *out) {
  uint64_t k, v = 0, cells, per_stream = vf_ggml_cache_cells(p->model, &p->graph, c);
  uint64_t v_width = (uint64_t)c->n_kv_heads * c->v_dim;
  const vf_layer *l = &p->model->layers[c->layer];
  /* The index has a cache of its own, with the rows of values that nothing reads. */
  if (c->kind == VF_CACHE_BLOCK_INDEX) v_width = l->v_dim;
  if (!vf_ggml_values_in_rows(&p->graph) && c->v_dim != 0) v_width = p->widest_v;
  if (c->kind == VF_CACHE_LATENT && vf_ggml_holds(p->graph.rules, VF_RULE_MLA_VALUES))
    v_width = l->kv_lora;
  vf_cache_layer heads = *c; /* keys and values of every head, where latent rows are not kept */
  if (c->kind == VF_CACHE_LATENT && vf_ggml_holds(p->graph.rules, VF_RULE_MLA_HEADS)) {
    heads.n_kv_heads = l->n_heads;
    heads.k_dim = l->k_dim;
    v_width = (uint64_t)l->n_heads * l->v_dim;
    c = &heads;
  }
  bool flat = vf_ggml_holds(p->graph.rules, VF_RULE_CACHE_FLAT);
  if (flat) return flat_bytes(p, c, rule, per_stream, v_width, out);
  bool own = (l->ops & VF_OPS_OWN_CACHES) != 0;
  return vf_mul(&cells, per_stream, own ? p->graph.seqs : p->graph.streams) &&
         vf_buffer_bytes(&k, rule, p->w->kv_k, (uint64_t)c->n_kv_heads * c->k_dim, cells) &&
         (v_width == 0 || vf_buffer_bytes(&v, rule, p->w->kv_v, v_width, cells)) &&
         vf_add(out, k, v);
}

/* A state per sequence, in f32 (src/llama-memory-recurrent.cpp:101). */
static bool state_bytes(const plan *p, const vf_cache_layer *c, const vf_buffer_rule *rule,
                        uint64_t *out) {
  uint64_t conv, state, rows = (uint64_t)p->w->seqs * p->snapshots;
  return vf_buffer_bytes(&conv, rule, VF_FORMAT_F32, c->conv, rows) &&
         vf_buffer_bytes(&state, rule, VF_FORMAT_F32, c->state, rows) && vf_add(out, conv, state);
}

bool vf_llamacpp_cache_bytes(const plan *p, const vf_cache_layer *c, const vf_buffer_rule *rule,
                             uint64_t *out) {
  if (c->kind == VF_CACHE_STATE) return state_bytes(p, c, rule, out);
  return cells_bytes(p, c, rule, out);
}

/* Heads are divided; a latent row, which has one, is on every GPU. */
static void share_out(const plan *p, uint64_t *sums) {
  uint64_t all = 0;
  bool latent = false;
  for (size_t i = 0; i < p->model->n_caches; i++)
    latent = latent || p->model->caches[i].kind == VF_CACHE_LATENT;
  for (uint32_t d = 0; d < p->n_gpus; d++) all += sums[d];
  for (uint32_t d = 0; d < p->n_gpus; d++)
    sums[d] = latent ? all : all / p->n_gpus + (all % p->n_gpus != 0);
}

/* Layers without attention have a row of values all the same where these lie transposed, since
 * every row is as wide as the widest. */
static void add_empty_layers(plan *p, uint64_t *sums) {
  const vf_model *m = p->model;
  for (uint32_t i = 0; i < m->n_layers; i++)
    if (m->layers[i].mixers & VF_MIX_RECURRENT) return;
  for (uint32_t i = 0; i < m->n_layers && !p->w->flash_attn; i++) {
    uint64_t bytes = 0, cells = 0;
    if (m->layers[i].mixers != 0 || (m->layers[i].flags & VF_LAYER_MTP) != 0) continue;
    uint32_t d = p->w->no_kv_offload ? p->host : vf_llamacpp_slot_budget(p, i);
    bool known = vf_mul(&cells, p->graph.cells, p->graph.streams) &&
                 vf_buffer_bytes(&bytes, rule_of(p, d), p->w->kv_v, p->widest_v, cells);
    if (!known || !vf_add(&sums[d], sums[d], bytes)) p->e->overflow = true;
  }
}

static void add_caches(plan *p, bool states, vf_part part, const char *name, const char *note) {
  uint64_t sums[VF_MAX_DEVICES + 1], bytes = 0;
  memset(sums, 0, p->e->n_devices * sizeof *sums);
  for (size_t i = 0; i < p->model->n_caches; i++) {
    const vf_cache_layer *c = &p->model->caches[i];
    if ((c->kind == VF_CACHE_STATE) != states) continue;
    uint32_t d = cache_budget(p, c);
    bool like_the_last = i > 0 && vf_cache_layer_equal(c, c - 1) && d == cache_budget(p, c - 1);
    bool known = like_the_last || vf_llamacpp_cache_bytes(p, c, rule_of(p, d), &bytes);
    if (!known || !vf_add(&sums[d], sums[d], bytes)) p->e->overflow = true;
  }
  if (!states) add_empty_layers(p, sums);
  if (by_tensor(p)) share_out(p, sums);
  for (uint32_t d = 0; d < p->e->n_devices; d++)
    vf_estimate_add(p->e, (vf_line){d, part, name, vf_exactly(sums[d]), VF_BASIS_EXACT, note});
}

void vf_llamacpp_add_caches(plan *p) {
  add_caches(p, false, VF_PART_KV_CACHE, "kv_cache", vf_format_get(p->w->kv_k)->name);
  add_caches(p, true, VF_PART_STATE, "recurrent_state", "f32, per sequence");
}
