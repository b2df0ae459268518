/* cache.c - from cache layers to blocks of one pool.
 *
 * v1/kv_cache_interface.py says what a page of a layer takes and how many a request holds;
 * v1/core/kv_cache_utils.py:1002-1416 how layers of several kinds come to share one pool;
 * platforms/interface.py:765-938 how large a block must be beside recurrent states.
 *
 * Block groups, for a stranger.  vLLM cuts what is left of a GPU into blocks once, when it starts,
 * and hands them out one by one.  A block is the same bytes in every place, so layers of different
 * kinds have to be made alike first:
 *
 *   kind     layers that keep the same in the same way: all tokens, the last W, a state.
 *   page     what one layer takes of a block: so many tokens of its cache, or one state.
 *   group    layers, of one kind, that are handed out together.  Every group has as many layers,
 *            and a block is one page of each of them.
 *
 *     24 layers with a window, 6 without:  groups of 6       window window window window  full
 *     a request of 32,768 tokens takes of the pool           65     65     65     65      2,048
 *
 * One kind alone is one group, and a block is a page of all layers.  Several kinds are dealt out
 * to groups of the size of the smallest kind; the last group of a kind may have fewer layers, and
 * its places stay empty: a pool that is too large for what is in it.  All pages have to be equal,
 * so a smaller one holds more tokens where that comes out even (from 0.12 on), and is padded where
 * it does not.  A state is as large as it is, whatever the context: beside states the page of
 * attention is made so long that it holds one, which is where blocks of 1,000 tokens come from.
 *
 * So a request takes the sum over groups of the blocks that it needs in each: a window's group
 * needs the window and the tokens in flight, a state's one block (more with prefix caching), and
 * what an engine prints as concurrency is the pool's blocks over that sum.
 */
#include <inttypes.h>

#include "base/checked.h"
#include "base/status.h"
#include "core/format.h"
#include "engines/vllm/vllm.h"

enum {
  BLOCK_TOKENS = 16,
  SPARSE_LATENT_BYTES = 656, /* 512 in 8 bits, 4 scales, 64 in 16 bits (fp8_ds_mla) */
  INDEXER_BYTES = 132,       /* 128 in 8 bits and a scale */
  SCALE_BYTES = 4,           /* per token and head, of integers */
};

static uint64_t row_bytes(vf_format format, uint64_t elements) {
  uint64_t bytes = vf_format_row_ceil(format, elements);
  bool scaled = format == VF_FORMAT_I8 || format == VF_FORMAT_INT8 || format == VF_FORMAT_INT4;
  return bytes + (scaled && elements != 0 ? SCALE_BYTES : 0);
}

/* One token in one layer on one rank.  A latent row is the same on all of them. */
static uint64_t token_bytes(const vf_vllm_plan *p, const vf_cache_layer *c) {
  bool narrow = p->r.w->kv_k == VF_FORMAT_F8_E4M3;
  bool latent = vf_ranks_has_cache(p->r.model, VF_CACHE_LATENT);
  if (c->kind == VF_CACHE_INDEXER && latent) return INDEXER_BYTES;
  if (c->kind == VF_CACHE_INDEXER || c->kind == VF_CACHE_BLOCK_INDEX) return 2 * c->k_dim;
  if (c->kind == VF_CACHE_LATENT && narrow && vf_vllm_sparse(p->r.model) &&
      !vf_vllm_sparse_rows_plain(p))
    return SPARSE_LATENT_BYTES;
  uint64_t heads = c->kind == VF_CACHE_LATENT ? 1 : vf_shard_kv_heads(c->n_kv_heads, p->r.tp);
  return heads * (row_bytes(p->r.w->kv_k, c->k_dim) + row_bytes(p->r.w->kv_v, c->v_dim));
}

/* mamba_utils.py:168-330: the convolution in the model's type, the state in that or in 32 bits. */
static uint64_t state_bytes(const vf_vllm_plan *p, const vf_cache_layer *c) {
  bool wide = (p->r.model->flags & VF_MODEL_STATE_F32) != 0;
  const vf_layer *l = &p->r.model->layers[c->layer];
  if (l->mixers & VF_MIX_KDA) wide = true;
  if (p->r.request->state_format != VF_FORMAT_NONE)
    wide = p->r.request->state_format == VF_FORMAT_F32;
  uint64_t conv = c->conv;
  if (l->conv > 1) conv = conv / (l->conv - 1) * (l->conv - 1 + p->spec_tokens);
  return (conv + p->r.tp - 1) / p->r.tp * p->r.number_bytes +
         (c->state + p->r.tp - 1) / p->r.tp * (wide ? 4 : p->r.number_bytes);
}

/* Whether layers with and without a window have heads of one size. */
static bool equal_heads(const vf_model *m) {
  const vf_cache_layer *first = NULL;
  for (size_t i = 0; i < m->n_caches; i++) {
    const vf_cache_layer *c = &m->caches[i];
    if (c->kind != VF_CACHE_FULL && c->kind != VF_CACHE_WINDOW) continue;
    if (first != NULL && first->k_dim != c->k_dim) return false;
    first = c;
  }
  return true;
}

/* Windows count only where every kind gets groups of its own; chunks never do by default. */
static bool windows_count(const vf_vllm_plan *p) {
  if (!p->rules.groups || p->r.request->swa_full) return false;
  if (vf_ranks_has_cache(p->r.model, VF_CACHE_CHUNKED)) return false;
  return p->rules.groups_any_heads || equal_heads(p->r.model);
}

static vf_cache_layer as_kept(const vf_cache_layer *c, bool windows) {
  vf_cache_layer kept = *c;
  kept.layer = c->layer;
  if (c->kind == VF_CACHE_CHUNKED || c->kind == VF_CACHE_CROSS || c->kind == VF_CACHE_WINDOW)
    kept.kind = c->kind == VF_CACHE_WINDOW && windows ? VF_CACHE_WINDOW : VF_CACHE_FULL;
  if (kept.kind != VF_CACHE_WINDOW) kept.window = 0;
  return kept;
}

static vf_vllm_kind *kind_of(vf_vllm_pool *pool, const vf_cache_layer *c) {
  for (uint32_t i = 0; i < pool->n_kinds; i++)
    if (vf_cache_layer_equal(&pool->kinds[i].cache, c)) return &pool->kinds[i];
  if (pool->n_kinds == VF_VLLM_KINDS) return NULL;
  vf_vllm_kind *k = &pool->kinds[pool->n_kinds++];
  *k = (vf_vllm_kind){.cache = *c, .groups = 1};
  return k;
}

static vf_status count_kinds(vf_vllm_plan *p, vf_error *err) {
  const vf_model *m = p->r.model;
  bool windows = windows_count(p);
  p->pool = (vf_vllm_pool){.n_groups = 1};
  for (size_t i = 0; i < m->n_caches; i++) {
    vf_cache_layer c = as_kept(&m->caches[i], windows);
    vf_vllm_kind *k = kind_of(&p->pool, &c);
    if (k == NULL)
      return vf_fail(err, VF_UNSUPPORTED, "caches of more than %d kinds are not known for vLLM",
                     VF_VLLM_KINDS);
    k->layers++;
    k->here += c.layer >= p->r.shard.first_layer && c.layer < p->r.shard.end_layer;
  }
  return VF_OK;
}

/* A draft model's layers join the pool on the last stage (its states, if any, are not known). */
static vf_status count_draft(vf_vllm_plan *p, vf_error *err) {
  const vf_model *m = p->r.request->draft;
  for (size_t i = 0; m != NULL && i < m->n_caches; i++) {
    vf_cache_layer c = as_kept(&m->caches[i], windows_count(p));
    if (c.kind == VF_CACHE_STATE) continue;
    vf_vllm_kind *k = kind_of(&p->pool, &c);
    if (k == NULL)
      return vf_fail(err, VF_UNSUPPORTED, "caches of more than %d kinds are not known for vLLM",
                     VF_VLLM_KINDS);
    k->layers++;
    k->here += p->r.shard.last;
  }
  return VF_OK;
}

/* Layers that propose tokens, at least one, keep all tokens; they come behind the last one. */
static void count_proposing_layers(vf_vllm_plan *p) {
  uint32_t n = vf_max_u32(vf_vllm_mtp_layers(p->r.model), 1);
  if (p->spec_tokens == 0) return;
  for (uint32_t k = 0; k < p->pool.n_kinds; k++) {
    vf_vllm_kind *kind = &p->pool.kinds[k];
    if (kind->cache.kind != VF_CACHE_FULL && kind->cache.kind != VF_CACHE_LATENT &&
        kind->cache.kind != VF_CACHE_INDEXER && kind->cache.kind != VF_CACHE_BLOCK_INDEX)
      continue;
    kind->layers += n;
    if (p->r.shard.last) kind->here += n;
  }
}

/* attention/backend.py:215-223, platforms/cuda.py: the smallest block that the backend takes. */
static uint32_t backend_block(const vf_vllm_plan *p) {
  uint32_t cc = p->r.e->devices[0].device.compute_capability;
  if (!vf_ranks_has_cache(p->r.model, VF_CACHE_LATENT)) return BLOCK_TOKENS;
  if (vf_ranks_has_cache(p->r.model, VF_CACHE_INDEXER)) return 64;
  if (cc >= 100) return p->rules.latent_block_blackwell;
  return cc == 90 ? p->rules.latent_block_hopper : BLOCK_TOKENS;
}

static uint64_t in_flight(const vf_vllm_plan *p) {
  uint64_t batches = 1;
  if (p->rules.in_flight_twice) batches = p->new_runner ? p->r.pp + 1 : p->r.pp == 1 ? 2 : p->r.pp;
  return batches * p->r.batch_tokens;
}

/* Decode context parallelism divides the tokens of layers that keep all of them. */
static uint64_t dcp_of(const vf_vllm_plan *p) {
  return vf_max_u32(p->r.request->dcp, 1);
}

static uint64_t kind_blocks(const vf_vllm_plan *p, const vf_vllm_kind *k, uint64_t length) {
  uint64_t b = k->block_tokens;
  uint64_t shared_length = (length + dcp_of(p) - 1) / dcp_of(p);
  vf_switch prefix = p->r.request->prefix_caching;
  bool shared = p->rules.state_aligned &&
                (prefix == VF_ON || (prefix == VF_AUTO && p->rules.prefix_of_states));
  switch (k->cache.kind) {
  case VF_CACHE_STATE: return (shared ? 2 : 1) + p->spec_tokens;
  case VF_CACHE_WINDOW:
    return (vf_min_u64(k->cache.window - 1 + in_flight(p), length) + b - 1) / b + 1;
  case VF_CACHE_FULL:
  case VF_CACHE_CHUNKED:
  case VF_CACHE_LATENT:
  case VF_CACHE_INDEXER:
  case VF_CACHE_BLOCK_INDEX:
  case VF_CACHE_COMPRESSED:
  case VF_CACHE_CROSS:
  case VF_CACHE_KIND_COUNT: break;
  }
  return (shared_length + b - 1) / b;
}

/* Beside states, a block is so long that a page of attention holds a whole state. */
static uint32_t hybrid_block(const vf_vllm_plan *p, uint32_t block) {
  uint64_t state = 0, token = 0;
  for (uint32_t i = 0; i < p->pool.n_kinds; i++) {
    const vf_cache_layer *c = &p->pool.kinds[i].cache;
    if (c->kind == VF_CACHE_STATE)
      state = vf_max_u64(state, state_bytes(p, c));
    else
      token = vf_max_u64(token, token_bytes(p, c));
  }
  if (state == 0 || token == 0) return block;
  uint64_t step = vf_ranks_has_cache(p->r.model, VF_CACHE_LATENT) && block < 128 ? 128 : block;
  return (uint32_t)(step * ((state + step * token - 1) / (step * token)));
}

static void size_pages(vf_vllm_plan *p) {
  vf_vllm_pool *pool = &p->pool;
  uint32_t block = p->r.request->block_size != 0 ? p->r.request->block_size : backend_block(p);
  block = hybrid_block(p, block);
  for (uint32_t i = 0; i < pool->n_kinds; i++) {
    vf_vllm_kind *k = &pool->kinds[i];
    bool state = k->cache.kind == VF_CACHE_STATE;
    k->block_tokens = block;
    k->page_bytes = state ? state_bytes(p, &k->cache) : block * token_bytes(p, &k->cache);
    pool->page_bytes = vf_max_u64(pool->page_bytes, k->page_bytes);
  }
  pool->least_tokens = block;
}

/* Smaller pages hold more tokens where that comes out even (unify_kv_cache_spec_page_size); states,
 * and what does not come out even, are padded. */
static void unify_pages(vf_vllm_pool *pool) {
  for (uint32_t i = 0; i < pool->n_kinds; i++) {
    vf_vllm_kind *k = &pool->kinds[i];
    bool padded = k->cache.kind == VF_CACHE_STATE || k->page_bytes == 0 ||
                  pool->page_bytes % k->page_bytes != 0;
    if (!padded) k->block_tokens *= (uint32_t)(pool->page_bytes / k->page_bytes);
    k->page_bytes = pool->page_bytes;
  }
}

/* One kind alone, or kinds that grow alike: attention of several sizes, a latent and its index. */
static bool grow_alike(const vf_vllm_pool *pool) {
  if (pool->n_kinds == 1) return true;
  for (uint32_t i = 0; i < pool->n_kinds; i++)
    if (pool->kinds[i].cache.kind == VF_CACHE_WINDOW || pool->kinds[i].cache.kind == VF_CACHE_STATE)
      return false;
  return true;
}

static void make_one_group(vf_vllm_plan *p) {
  vf_vllm_pool *pool = &p->pool;
  pool->block_bytes = 0;
  for (uint32_t i = 0; i < pool->n_kinds; i++)
    pool->block_bytes += pool->kinds[i].page_bytes * pool->kinds[i].here;
  for (uint32_t i = 0; i < pool->n_kinds; i++)
    pool->kinds[i].request_blocks = kind_blocks(p, &pool->kinds[i], p->r.w->requested_ctx_tokens);
  pool->request_blocks = pool->n_kinds > 0 ? pool->kinds[0].request_blocks : 0;
  if (pool->n_kinds == 1 && pool->kinds[0].cache.kind == VF_CACHE_STATE)
    pool->state_blocks = pool->request_blocks;
}

/* Layers of a kind are dealt out to groups of the size of the smallest kind, or of the largest
 * where that is not even half as much again. */
static uint32_t group_size(const vf_vllm_pool *pool) {
  uint32_t least = UINT32_MAX, most = 0;
  for (uint32_t i = 0; i < pool->n_kinds; i++) {
    if (pool->kinds[i].layers < least) least = pool->kinds[i].layers;
    most = vf_max_u32(most, pool->kinds[i].layers);
  }
  return (uint64_t)most * 2 < (uint64_t)least * 3 ? most : least;
}

static void make_groups(vf_vllm_plan *p) {
  vf_vllm_pool *pool = &p->pool;
  uint32_t size = group_size(pool);
  unify_pages(pool);
  pool->n_groups = 0;
  pool->least_tokens = UINT32_MAX;
  for (uint32_t i = 0; i < pool->n_kinds; i++) {
    vf_vllm_kind *k = &pool->kinds[i];
    k->groups = (k->layers + size - 1) / size;
    k->request_blocks = kind_blocks(p, k, p->r.w->requested_ctx_tokens);
    pool->n_groups += k->groups;
    pool->group_layers = vf_max_u32(pool->group_layers, (k->here + k->groups - 1) / k->groups);
    pool->request_blocks += k->groups * k->request_blocks;
    if (k->cache.kind == VF_CACHE_STATE) pool->state_blocks += k->groups * k->request_blocks;
    if (k->block_tokens < pool->least_tokens) pool->least_tokens = k->block_tokens;
  }
  pool->block_bytes = pool->group_layers * pool->page_bytes;
}

vf_status vf_vllm_find_pool(vf_vllm_plan *p, vf_error *err) {
  if (vf_vllm_compresses(p->r.model)) return vf_vllm_find_compressed_pool(p, err);
  vf_status status = count_kinds(p, err);
  if (status == VF_OK) status = count_draft(p, err);
  if (status != VF_OK) return status;
  if (p->r.request->draft == NULL) count_proposing_layers(p);
  size_pages(p);
  if (grow_alike(&p->pool))
    make_one_group(p);
  else
    make_groups(p);
  p->pool.need_bytes = p->pool.block_bytes;
  return VF_OK;
}

uint64_t vf_vllm_request_blocks(const vf_vllm_plan *p, uint64_t tokens, uint64_t *states) {
  const vf_vllm_pool *pool = &p->pool;
  bool one = pool->group_layers == 0; /* kinds that grow alike share their blocks */
  uint64_t sum = 0;
  *states = 0;
  for (uint32_t i = 0; i < pool->n_kinds; i++) {
    uint64_t blocks = pool->kinds[i].groups * kind_blocks(p, &pool->kinds[i], tokens);
    if (pool->kinds[i].cache.kind == VF_CACHE_STATE) *states += blocks;
    sum = one ? vf_max_u64(sum, blocks) : sum + blocks;
  }
  return sum;
}

/* The demand of all of a replica's requests, as long as they are said to be. */
static uint64_t demand_bytes(const vf_ranks *r, uint64_t tokens, bool of_states) {
  const vf_vllm_plan *p = vf_vllm_plan_of(r);
  uint64_t bytes = 0, states, seqs = (r->w->seqs + r->dp - 1) / r->dp;
  uint64_t blocks = vf_vllm_request_blocks(p, tokens, &states);
  if (!vf_mul3(&bytes, of_states ? states : blocks - states, p->pool.need_bytes, seqs))
    r->e->overflow = true;
  return bytes;
}

vf_amount vf_vllm_kv_cache(const vf_ranks *r, uint32_t device) {
  vf_interval tokens = vf_ranks_lengths(r);
  vf_interval size = {demand_bytes(r, tokens.low_bytes, false),
                      demand_bytes(r, tokens.bytes, false),
                      demand_bytes(r, tokens.high_bytes, false)};
  bool whole = r->request->real_ctx_tokens[0] == 0;
  (void)device;
  return vf_amount_within(size, whole ? VF_BASIS_EXACT : VF_BASIS_MODELLED,
                          vf_format_get(r->w->kv_k)->name);
}

vf_amount vf_vllm_states(const vf_ranks *r, uint32_t device) {
  (void)device;
  return vf_amount_exact(demand_bytes(r, vf_ranks_lengths(r).bytes, true),
                         "one slot per request and layer");
}

uint64_t vf_vllm_given_pool(const vf_vllm_plan *p) {
  uint64_t bytes = p->r.request->kv_cache_memory_bytes;
  if (p->r.request->num_gpu_blocks != 0 &&
      !vf_mul(&bytes, p->r.request->num_gpu_blocks, p->pool.block_bytes))
    p->r.e->overflow = true;
  return bytes;
}

/* What the requests do not fill of it is allocated all the same (gpu_worker.py:475: no look at what
 * is free; kv_cache_utils.py: may_override_num_blocks). */
vf_amount vf_vllm_pool_rest(const vf_ranks *r, uint32_t device) {
  uint64_t tokens = vf_ranks_lengths(r).bytes, given = vf_vllm_given_pool(vf_vllm_plan_of(r));
  uint64_t filled = demand_bytes(r, tokens, false) + demand_bytes(r, tokens, true);
  (void)device;
  return vf_amount_exact(given - vf_min_u64(given, filled), "of the pool's size that was given");
}
