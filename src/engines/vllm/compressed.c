/* compressed.c - the pool of a model whose layers keep a window, and behind it keys that stand for
 * several tokens each (DeepSeek V4).
 *
 * Sources: models/deepseek_v4/attention.py, compressor.py, v1/attention/backends/mla/sparse_swa.py
 * for what a layer keeps; v1/core/kv_cache_utils.py, group_and_unify_kv_cache_specs and
 * _get_kv_cache_groups_uniform_groups, for how that is dealt out (017e9f4448).
 *
 *   group      layers                                        a block holds
 *   keys       all that have keys of several tokens          256 tokens: 64 keys of four, with an
 *              (one group, with the finer ones' index)       index key each, or 2 of 128
 *   windows    every layer                                   64 tokens of the last 128
 *   states     those of four tokens, with their index's      4 tokens of the last 8, in 32 bits
 *              those of 128 tokens                           8 tokens of the last 128
 *
 * A block is as large as the largest group's; the layers of the windows are dealt out to as many
 * groups as the number of keys' layers suggests.  Before #48993 a block was as many tuples of
 * pages, one of each size, as the longest group has; what a start asks for is still counted so. */
#include <inttypes.h>

#include "base/checked.h"
#include "base/status.h"
#include "engines/vllm/vllm.h"

enum {
  BLOCK_TOKENS = 256,
  WINDOW_TOKENS = 64, /* in a page of a window */
  FINE_TOKENS = 4,    /* in a page of what keys of four tokens are made of */
  COARSE_TOKENS = 8,  /* and of more */
  KEY_BYTES = 584,    /* 448 in 8 bits, 64 in 16, 8 of scales (fp8_ds_mla) */
  INDEX_BYTES = 132,  /* 128 in 8 bits and a scale */
  ALIGNMENT = 576,    /* of a page */
  STATE_NUMBER_BYTES = 4,
};

/* What the layers of a stage, and all layers, are. */
typedef struct census {
  uint32_t layers, fine, coarse;
  uint32_t dim, index_dim, fine_tokens, coarse_tokens, window;
} census;

bool vf_vllm_compresses(const vf_model *m) {
  return vf_ranks_has_cache(m, VF_CACHE_COMPRESSED);
}

static void note(census *c, const vf_layer *l) {
  c->layers++;
  c->dim = l->k_dim;
  c->window = l->window;
  if (l->compress == 0) return;
  if (l->index_heads != 0) {
    c->fine++;
    c->fine_tokens = l->compress;
    c->index_dim = l->index_dim;
  } else {
    c->coarse++;
    c->coarse_tokens = l->compress;
  }
}

static census count(const vf_model *m, uint32_t first, uint32_t end) {
  census c = {0};
  for (uint32_t i = first; i < end; i++)
    if ((m->layers[i].flags & VF_LAYER_MTP) == 0) note(&c, &m->layers[i]);
  return c;
}

static uint64_t page(uint64_t tokens, uint64_t bytes) {
  uint64_t all = tokens * bytes;
  return (all + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* Keys and scores that one key is made of, of two overlapping keys where these are fine. */
static uint64_t state_page(uint64_t tokens, uint64_t dim, uint64_t overlap) {
  return page(tokens, 2 * overlap * dim * STATE_NUMBER_BYTES);
}

/* The size of groups that leaves the fewest places empty, the larger of two
 * (_approximate_gcd). */
static uint32_t group_size(const uint32_t *layers, uint32_t n, uint32_t least) {
  uint32_t best = least, most = least, pad_of_best = UINT32_MAX;
  for (uint32_t i = 0; i < n; i++) most = vf_max_u32(most, layers[i]);
  for (uint32_t d = least; d <= most; d++) {
    uint32_t pad = 0;
    for (uint32_t i = 0; i < n; i++) pad += (d - layers[i] % d) % d;
    if (pad <= pad_of_best) {
      pad_of_best = pad;
      best = d;
    }
  }
  return best;
}

static void add_kind(vf_vllm_pool *pool, vf_cache_kind kind, uint32_t window, uint32_t layers,
                     uint32_t tokens, uint32_t groups) {
  if (layers == 0) return;
  pool->kinds[pool->n_kinds++] = (vf_vllm_kind){.cache = {.kind = kind, .window = window},
                                                .layers = layers,
                                                .here = layers,
                                                .block_tokens = tokens,
                                                .groups = groups};
  pool->n_groups += groups;
  if (tokens < pool->least_tokens) pool->least_tokens = tokens;
}

static uint32_t parts(uint32_t n, uint32_t size) {
  return (n + size - 1) / size;
}

vf_status vf_vllm_find_compressed_pool(vf_vllm_plan *p, vf_error *err) {
  const vf_model *m = p->r.model;
  vf_vllm_pool *pool = &p->pool;
  uint32_t block = p->r.request->block_size != 0 ? p->r.request->block_size : BLOCK_TOKENS;
  census all = count(m, 0, m->n_layers);
  census here = count(m, p->r.shard.first_layer, p->r.shard.end_layer);
  uint32_t finest = vf_max_u32(all.coarse_tokens, all.fine_tokens);
  if (finest == 0 || block % finest != 0)
    return vf_fail(err, VF_UNSUPPORTED,
                   "vLLM: a block of %" PRIu32 " tokens does not hold whole keys of %" PRIu32
                   " (--block-size 256)",
                   block, finest);
  if (p->spec_tokens != 0) all.layers++, here.layers += p->r.shard.last; /* it has a window alone */
  uint64_t fine = all.fine != 0 ? page(block / all.fine_tokens, KEY_BYTES) : 0;
  uint64_t index = all.fine != 0 ? page(block / all.fine_tokens, INDEX_BYTES) : 0;
  uint64_t coarse = all.coarse != 0 ? page(block / all.coarse_tokens, KEY_BYTES) : 0;
  uint32_t groups[] = {vf_max_u32(all.fine, all.coarse), all.layers, all.fine, all.coarse};
  uint32_t size = group_size(groups, 4, groups[0]);
  uint32_t dealt = parts(all.layers, size);
  *pool = (vf_vllm_pool){.least_tokens = UINT32_MAX, .group_layers = size};
  add_kind(pool, VF_CACHE_COMPRESSED, 0, all.fine + all.coarse, block, 1);
  add_kind(pool, VF_CACHE_WINDOW, all.window, all.layers, WINDOW_TOKENS, dealt);
  add_kind(pool, VF_CACHE_WINDOW, 2 * all.fine_tokens, all.fine, FINE_TOKENS, 1);
  add_kind(pool, VF_CACHE_WINDOW, all.coarse_tokens, all.coarse, COARSE_TOKENS, 1);
  pool->page_bytes = vf_max_u64(fine, coarse);
  pool->need_bytes = size * (fine + index + coarse);
  uint64_t keys = here.fine * (fine + index) + here.coarse * coarse;
  uint64_t windows = parts(here.layers, dealt) * page(WINDOW_TOKENS, KEY_BYTES);
  uint64_t states =
      here.fine * (state_page(FINE_TOKENS, all.dim, 2) + state_page(FINE_TOKENS, all.index_dim, 2));
  pool->block_bytes = vf_max_u64(vf_max_u64(keys, windows), states);
  pool->block_bytes =
      vf_max_u64(pool->block_bytes, here.coarse * state_page(COARSE_TOKENS, all.dim, 1));
  if (!p->rules.packs_groups) pool->block_bytes = pool->need_bytes;
  uint64_t none;
  pool->request_blocks = vf_vllm_request_blocks(p, p->r.w->requested_ctx_tokens, &none);
  return VF_OK;
}
