/* model.c - making, copying and summing up the lists of a model. */
#include "core/model.h"

#include <string.h>

#include "base/checked.h"
#include "base/status.h"

/* Room for the largest models (some 210,000 tensors) and no more. */
static const size_t model_cap_bytes = (size_t)48 << 20;

vf_status vf_model_new(vf_model **out, const vf_allocator *allocator, size_t tensors,
                       uint32_t layers, size_t caches, vf_error *err) {
  vf_arena *arena = vf_arena_new(allocator, model_cap_bytes);
  if (arena == NULL) return vf_fail_nomem(err);
  vf_model *m = vf_arena_alloc(arena, 1, sizeof *m);
  if (m != NULL) {
    m->arena = arena;
    m->tensors = vf_arena_alloc_raw(arena, tensors, sizeof *m->tensors);
    m->layers = vf_arena_alloc(arena, layers, sizeof *m->layers);
    m->caches = vf_arena_alloc(arena, caches, sizeof *m->caches);
  }
  if (m == NULL || m->tensors == NULL || m->layers == NULL || m->caches == NULL) {
    vf_arena_free(arena);
    return vf_fail_nomem(err);
  }
  *out = m;
  return VF_OK;
}

void vf_model_free(vf_model *model) {
  if (model == NULL) return;
  if (model->derived != NULL) vf_arena_free(model->derived->arena);
  vf_arena_free(model->arena);
}

vf_status vf_model_with_tensors(vf_model **out, const vf_model *model, const vf_tensor *tensors,
                                size_t count, vf_error *err) {
  vf_model *m;
  vf_status status = vf_model_new(&m, vf_arena_allocator(model->arena), count, model->n_layers,
                                  model->n_caches, err);
  if (status != VF_OK) return status;
  vf_model lists = *m;
  *m = *model;
  m->arena = lists.arena;
  m->derived = NULL;
  m->n_tensors = count;
  m->tensors = lists.tensors;
  if (count > 0) memcpy(m->tensors, tensors, count * sizeof *m->tensors);
  m->layers = memcpy(lists.layers, model->layers, model->n_layers * sizeof *m->layers);
  m->caches = memcpy(lists.caches, model->caches, model->n_caches * sizeof *m->caches);
  *out = m;
  return VF_OK;
}

vf_status vf_model_clone(vf_model **out, const vf_model *model, vf_error *err) {
  return vf_model_with_tensors(out, model, model->tensors, model->n_tensors, err);
}

/* ---- What follows from the lists -------------------------------------------------------- */

/* First layer from which the layers repeat with the given period, the last layer left out (it
 * ends the network and is always looked at by itself). */
static uint32_t periodic_start(const vf_model *m, uint32_t period) {
  uint32_t i = m->n_layers > period + 1 ? m->n_layers - 1 - period : 0;
  while (i > 0 && memcmp(&m->layers[i - 1], &m->layers[i - 1 + period], sizeof *m->layers) == 0)
    i--;
  return i;
}

static void find_period(vf_model *m) {
  uint32_t best = m->n_layers;
  m->layer_period = 1;
  m->periodic_from = best;
  for (uint32_t period = 1; period <= 16 && period < m->n_layers; period++) {
    uint32_t start = periodic_start(m, period);
    if (start + period >= best) continue;
    best = start + period;
    m->layer_period = period;
    m->periodic_from = start;
  }
}

/* Word by word; equal layers one after the other are stirred in all the same. */
static void find_shape(vf_model *m) {
  const uint64_t sizes[] = {m->n_embd, m->n_vocab, m->flags, m->n_layers};
  uint64_t h = 0;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) h = vf_stir(h, sizes[i]);
  for (uint32_t i = 0; i < m->n_layers; i++) {
    uint64_t words[sizeof *m->layers / sizeof(uint64_t)];
    memcpy(words, &m->layers[i], sizeof words);
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) h = vf_stir(h, words[w]);
  }
  m->shape = h;
}

static uint64_t stir_tensor(uint64_t h, const vf_tensor *t) {
  h = vf_stir(h, (uint64_t)t->role << 48 | (uint64_t)t->format << 40 | (uint64_t)t->suffix << 32 |
                     (uint32_t)t->layer);
  h = vf_stir(h, t->bytes);
  h = vf_stir(h, t->ne[0]);
  h = vf_stir(h, (uint64_t)t->share.low << 32 | t->share.high);
  return vf_stir(h, (vf_tensor_dims(t) > 1 ? UINT64_C(1) << 32 : 0) | t->count);
}

void vf_model_stored(vf_model *m) {
  m->content = 0;
  for (size_t i = 0; i < m->n_tensors; i++) m->content = stir_tensor(m->content, &m->tensors[i]);
}

static bool is_extra(const vf_model *m, const vf_tensor *t) {
  return vf_model_is_mtp(m, t) || vf_roles[t->role].home == VF_HOME_ROPE;
}

/* Of the experts only the chosen ones are read for a token; a tower is read for an image alone. */
static uint64_t active_of(const vf_model *m, const vf_tensor *t, uint64_t n) {
  if (vf_roles[t->role].home == VF_HOME_TOWER) return 0;
  if (!vf_role_is_expert(t->role) || t->layer < 0) return n;
  const vf_layer *l = &m->layers[t->layer];
  return l->n_experts == 0 ? n : n / l->n_experts * l->n_experts_used;
}

/* Rope tables are computed from the config, not learned: they are no parameters; neither are the
 * layers that predict further tokens counted, which no published figure includes. */
vf_status vf_model_finish(vf_model *m, vf_error *err) {
  uint64_t all = 0;
  m->n_params = m->n_active_params = 0;
  for (size_t i = 0; i < m->n_tensors; i++) {
    const vf_tensor *t = &m->tensors[i];
    uint64_t n;
    if (!vf_mul(&n, vf_tensor_elements(t), t->count) || !vf_add(&all, all, n) ||
        all > VF_MAX_ELEMENTS)
      return vf_fail(err, VF_OVERFLOW, "more than 2^56 parameters: not a model of this world");
    if (!is_extra(m, t)) {
      m->n_params += n;
      m->n_active_params += active_of(m, t, n);
    }
    if (vf_roles[t->role].home == VF_HOME_LAYER && vf_tensor_dims(t) > 1)
      m->widest_row = vf_max_u64(m->widest_row, t->ne[0]);
  }
  find_period(m);
  find_shape(m);
  vf_model_stored(m);
  return VF_OK;
}

/* ---- Caches ----------------------------------------------------------------------------- */

static void add_cache(vf_model *m, vf_cache_layer c) {
  m->caches[m->n_caches++] = c;
}

/* Keys of several tokens: what they are made of is a state until they are whole (llama.cpp,
 * src/llama-kv-cache-dsv4.cpp).  Those that others choose from overlap by one. */
static void add_compressed_caches(vf_model *m, uint32_t i, const vf_layer *l) {
  uint64_t overlap = l->index_heads != 0 ? 2 : 1, rows = overlap * l->compress;
  uint64_t kept = rows * overlap * (l->k_dim + (l->index_heads != 0 ? l->index_dim : 0));
  add_cache(m, (vf_cache_layer){VF_CACHE_COMPRESSED, i, 1, l->k_dim, 0, l->compress, 0, 0});
  if (l->index_heads != 0)
    add_cache(m, (vf_cache_layer){VF_CACHE_COMPRESSED, i, 1, l->index_dim, 0, l->compress, 0, 0});
  add_cache(m, (vf_cache_layer){VF_CACHE_STATE, i, 0, 0, 0, 0, kept, kept});
}

static void add_attention_cache(vf_model *m, uint32_t i, const vf_layer *l) {
  vf_cache_layer c = {
      .layer = i, .n_kv_heads = l->n_kv_heads, .k_dim = l->k_dim, .v_dim = l->v_dim};
  if (l->kv_lora != 0) {
    c = (vf_cache_layer){VF_CACHE_LATENT, i, 1, l->kv_lora + l->rope_dim, 0, l->window, 0, 0};
  } else if (l->window != 0) {
    c.kind = (l->flags & VF_LAYER_CHUNKED) != 0 ? VF_CACHE_CHUNKED : VF_CACHE_WINDOW;
    c.window = l->window;
  }
  add_cache(m, c);
  if (l->compress != 0) add_compressed_caches(m, i, l);
  if (l->index_heads == 0 || l->compress != 0) return;
  vf_cache_kind kind = l->index_block != 0 ? VF_CACHE_BLOCK_INDEX : VF_CACHE_INDEXER;
  add_cache(m, (vf_cache_layer){kind, i, 1, l->index_dim, 0, 0, 0, 0});
}

/* The last inputs of the convolution, and the state proper (llama.cpp, src/llama-hparams.cpp,
 * n_embd_r and n_embd_s; the same sizes in every implementation of these layers). */
static void add_state_cache(vf_model *m, uint32_t i, const vf_layer *l) {
  uint64_t d = m->n_embd, back = l->conv != 0 ? l->conv - 1 : 0;
  uint64_t inner = l->inner, state = l->state, groups = l->groups;
  vf_cache_layer c = {.kind = VF_CACHE_STATE, .layer = i};
  if (l->mixers & VF_MIX_RWKV) {
    c.conv = l->ops & VF_OPS_RWKV_GATED ? d : 2 * d; /* inputs of one mixing or two */
    c.state = d * state;
  } else if (l->mixers & VF_MIX_SHORTCONV) {
    c.conv = d * back;
  } else if (l->mixers & VF_MIX_KDA) {
    c.conv = 3 * back * inner;
    c.state = state * inner;
  } else {
    c.conv = back * (inner + 2 * groups * state);
    c.state = state * inner;
  }
  add_cache(m, c);
}

static void add_layer_caches(vf_model *m, uint32_t i, const vf_layer *l) {
  bool none = (l->flags & (VF_LAYER_ENCODER | VF_LAYER_MTP)) != 0 ||
              ((m->flags & (VF_MODEL_ENCODER | VF_MODEL_NO_CACHE)) != 0 &&
               (m->flags & VF_MODEL_CACHE_IDLE) == 0);
  bool attends = (l->mixers & VF_MIX_ATTENTION) != 0 &&
                 (l->flags & (VF_LAYER_KV_SHARED | VF_LAYER_KV_UNCACHED)) == 0;
  if (none) return;
  if (attends) add_attention_cache(m, i, l);
  if (l->mixers & VF_MIX_RECURRENT) add_state_cache(m, i, l);
  if (l->mixers & VF_MIX_CROSS)
    add_cache(m, (vf_cache_layer){VF_CACHE_CROSS, i, l->n_kv_heads, l->k_dim, l->v_dim, 0, 0, 0});
}

void vf_model_make_caches(vf_model *m) {
  m->n_caches = 0;
  for (uint32_t i = 0; i < m->n_layers; i++) add_layer_caches(m, i, &m->layers[i]);
}

void vf_model_assume(vf_model *model, const char *code, const char *text) {
  if (model->n_assumptions == VF_MODEL_ASSUMPTIONS) return;
  model->assumptions[model->n_assumptions++] = (vf_assumption){code, text};
}

static uint64_t thousandths(uint64_t bytes, uint32_t n) {
  return bytes / 1000 * n + bytes % 1000 * n / 1000;
}

static vf_interval share_of(const vf_weights_share *share, uint64_t bytes) {
  if (share->expected == 0) return (vf_interval){bytes, bytes, bytes};
  return (vf_interval){thousandths(bytes, share->low), thousandths(bytes, share->expected),
                       thousandths(bytes, share->high)};
}

vf_interval vf_model_weights_size(const vf_model *m, uint64_t bytes) {
  return share_of(&m->share, bytes);
}

vf_interval vf_model_tensor_size(const vf_model *m, const vf_tensor *t, uint64_t bytes) {
  return share_of(t->share.expected != 0 ? &t->share : &m->share, bytes);
}

uint64_t vf_model_weights_bytes(const vf_model *model) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < model->n_tensors; i++)
    bytes += model->tensors[i].bytes * model->tensors[i].count;
  return vf_model_weights_size(model, bytes).bytes;
}

static uint64_t tower_params(const vf_model *m) {
  uint64_t n = 0;
  for (size_t i = 0; i < m->n_tensors; i++)
    if (vf_roles[m->tensors[i].role].home == VF_HOME_TOWER)
      n += vf_tensor_elements(&m->tensors[i]) * m->tensors[i].count;
  return n;
}

void vf_model_info_get(const vf_model *model, vf_model_info *out) {
  if (out == NULL) return;
  *out = (vf_model_info){.id = "", .architecture = "", .source = "", .quant = ""};
  if (model == NULL) return;
  *out = (vf_model_info){
      .id = model->id,
      .architecture = model->arch,
      .source = model->source,
      .quant = model->quant,
      .n_params = model->n_params,
      .n_active_params = model->n_active_params,
      .weights_bytes = vf_model_weights_bytes(model),
      .max_ctx_tokens = model->max_ctx_tokens,
      .n_layers = model->n_layers,
      .n_tensors = (uint32_t)model->n_tensors,
      .n_tower_params = tower_params(model),
  };
}

bool vf_model_has_experts(const vf_model *model) {
  for (uint32_t i = 0; i < model->n_layers; i++)
    if (model->layers[i].n_experts != 0) return true;
  return false;
}
