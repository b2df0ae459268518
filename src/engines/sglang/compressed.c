/* compressed.c - the pools of a model whose layers keep a window, and behind it keys that stand for
 * several tokens each (DeepSeek V4).
 *
 * pool_configurator.py, DSV4PoolConfigurator, and deepseek_v4_memory_pool.py of main at 9fec359a6
 * (2026-07-13).  A token of the pool has its part of everything that grows with tokens: the keys of
 * several, their index, and, at the share of tokens that windows have (0.1 unless told), a key of
 * every layer and a ring of what the finest keys are made of.  What coarser keys are made of is
 * kept for each request that may run, and taken off first. */
#include "base/checked.h"
#include "engines/sglang/sglang.h"

enum {
  KEY_BYTES = 584,   /* 448 in 8 bits, 64 in 16, 8 of scales */
  INDEX_BYTES = 132, /* 128 in 8 bits and a scale */
  STATE_BYTES = 4,   /* a number of what keys are made of (SGLANG_DSV4_COMPRESS_STATE_DTYPE) */
  RING = 8,          /* tokens that the finest keys are made of; with a draft twice as many */
};

bool vf_sglang_compresses(const vf_model *m) {
  return vf_ranks_has_cache(m, VF_CACHE_COMPRESSED);
}

/* Bytes of a window's token in one layer: its key, and what finer keys keep of it. */
static uint64_t window_bytes(const vf_sglang_plan *p, const vf_layer *l) {
  enum { KEYS_AND_SCORES = 2, OVERLAP = 2 };
  uint64_t ring = p->draft_layers != 0 ? UINT64_C(2) * RING : RING;
  uint64_t numbers = KEYS_AND_SCORES * OVERLAP * ((uint64_t)l->k_dim + l->index_dim);
  uint64_t kept = numbers * STATE_BYTES;
  bool fine = l->compress != 0 && l->index_heads != 0 && l->window != 0;
  return KEY_BYTES + (fine ? ring * kept / l->window : 0);
}

/* In thousandths, so that nothing is lost before the sum. */
uint64_t vf_sglang_compressed_token(const vf_sglang_plan *p) {
  const vf_model *m = p->s.model;
  uint64_t sum = 0, layers = 0;
  for (uint32_t i = p->s.shard.first_layer; i < p->s.shard.end_layer; i++) {
    const vf_layer *l = &m->layers[i];
    layers++;
    sum += window_bytes(p, l) * p->window_ppm / 1000;
    if (l->compress == 0) continue;
    uint64_t key = l->index_heads != 0 ? KEY_BYTES + INDEX_BYTES : KEY_BYTES;
    sum += 1000 * key / l->compress;
  }
  if (p->draft_layers != 0 && layers != 0) sum += sum / layers;
  return (sum + 999) / 1000;
}

/* Rows of 32 bits for every request and one more, in whole 128s. */
uint64_t vf_sglang_compressed_fixed(const vf_sglang_plan *p) {
  enum { KEYS_AND_SCORES = 2, WHOLE = 128 };
  const vf_request *r = p->s.request;
  uint64_t all = r->max_num_seqs != 0 ? r->max_num_seqs : VF_SGLANG_COMPRESSED_RUNNING;
  uint64_t requests = all / p->attention_dp, sum = 0;
  for (uint32_t i = p->s.shard.first_layer; i < p->s.shard.end_layer; i++) {
    const vf_layer *l = &p->s.model->layers[i];
    if (l->compress == 0 || l->index_heads != 0) continue;
    uint64_t ring = (uint64_t)l->compress * (p->draft_layers != 0 ? 2 : 1);
    uint64_t rows = (requests + 1) * ring + ring + 1;
    sum += (rows + WHOLE - 1) / WHOLE * WHOLE * KEYS_AND_SCORES * l->k_dim * STATE_BYTES;
  }
  return sum;
}
