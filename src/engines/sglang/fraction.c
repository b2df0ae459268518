/* fraction.c - the static fraction, the chunk and the graphs that SGLang takes for a card.
 *
 * python/sglang/srt/server_args.py: _handle_gpu_memory_settings of main at 9fec359a6 (2026-07-13),
 * and the same place of the releases from 0.4.3 to 0.5.6 for those before.  All figures are in MiB,
 * of what nvidia-smi calls the total. */
#include "base/checked.h"
#include "base/units.h"
#include "engines/sglang/sglang.h"

static uint64_t total_mib(const vf_sglang_plan *p) {
  return p->s.e->devices[0].device.total_bytes / VF_MIB;
}

typedef struct tier {
  uint32_t below_gib, chunk, bs, bs_of_4_ranks;
} tier;

/* 0 in `bs`: by version. */
static const tier tiers[] = {
    {20, 2048, 8, 8},     {35, 2048, 0, 80},     {60, 4096, 32, 160},
    {90, 8192, 256, 512}, {160, 8192, 256, 512}, {UINT32_MAX, 16384, 512, 512},
};

static const tier *tier_of(uint64_t mib) {
  const tier *t = tiers;
  while (t->below_gib != UINT32_MAX && mib >= (uint64_t)t->below_gib * 1024) t++;
  return t;
}

uint32_t vf_sglang_chunk(const vf_sglang_plan *p) {
  uint64_t mib = total_mib(p);
  switch (p->rules.chunks) {
  case VF_SGLANG_CHUNKS_TWO: return mib < 25000 ? 2048 : 8192;
  case VF_SGLANG_CHUNKS_THREE: return mib > 180000 ? 16384 : mib < 25000 ? 2048 : 8192;
  case VF_SGLANG_CHUNKS_BY_SIZE:
    return mib < UINT64_C(35) * 1024 ? 2048 : mib < UINT64_C(160) * 1024 ? 8192 : 16384;
  case VF_SGLANG_CHUNKS_BY_TIER: break;
  }
  return tier_of(mib)->chunk;
}

uint32_t vf_sglang_graph_bs(const vf_sglang_plan *p) {
  const tier *t = tier_of(total_mib(p));
  if (p->s.request->graph_batch != 0) return p->s.request->graph_batch;
  if (p->rules.chunks != VF_SGLANG_CHUNKS_BY_TIER)
    return total_mib(p) >= 25000 ? 160 : p->s.tp < 4 ? p->rules.graph_bs_of_24_gib : 80;
  if (p->s.tp >= 4) return t->bs_of_4_ranks;
  return t->bs != 0 ? t->bs : p->rules.graph_bs_of_24_gib;
}

static uint32_t by_ranks_ppm(uint32_t ranks) {
  return ranks >= 16  ? 790000
         : ranks >= 8 ? 810000
         : ranks >= 4 ? 850000
         : ranks >= 2 ? 870000
                      : 880000;
}

/* Large cards: half of the share that is left, up to all but 18 GiB. */
static uint32_t less_18_gib_ppm(const vf_sglang_plan *p) {
  enum {
    LARGE_MIB = 96 * 1024,
    KEPT_MIB = 18 * 1024,
    DRAFTED_MIB = 20 * 1024,
    MORE_MIB = 48 * 1024
  };
  uint64_t mib = total_mib(p);
  bool drafts = p->draft_layers != 0;
  uint32_t ppm = mib <= 81920 ? by_ranks_ppm(p->s.tp * p->s.pp) : 880000;
  if (p->rules.blackwell_790 && mib > 180000) return 790000;
  if (mib > LARGE_MIB) {
    uint64_t more = ppm + (uint64_t)MORE_MIB * (1000000 - ppm) / mib;
    uint64_t most = (mib - (drafts ? DRAFTED_MIB : KEPT_MIB)) * 1000000 / mib;
    return (uint32_t)vf_min_u64(more, most);
  }
  return drafts ? ppm / 100 * 95 : ppm;
}

/* 0.4.8 to 0.5.2. */
static uint64_t reserve_by_size_mib(const vf_sglang_plan *p) {
  uint64_t mib = total_mib(p), ranks = (uint64_t)p->s.tp * p->s.pp, kept = UINT64_C(32) * 1024;
  if (mib < UINT64_C(160) * 1024) kept = (12 * 2 + ranks) * 512;
  if (mib < UINT64_C(90) * 1024) kept = (19 + ranks) * 512;
  if (mib < UINT64_C(35) * 1024) kept = (28 + ranks) * 1024 / 10;
  if (p->draft_layers != 0) kept += 2048;
  if (p->attention_dp > 1) kept += 4096;
  return kept;
}

static bool is_latent(const vf_model *m) {
  return vf_ranks_has_cache(m, VF_CACHE_LATENT);
}

/* Sizes of prefill graphs: 4..32 by 4, 48..256 by 16, then ever wider, up to `most`. */
static uint32_t prefill_sizes(uint64_t most) {
  static const uint32_t steps[][2] = {{32, 4},    {256, 16},   {512, 32},
                                      {1024, 64}, {4096, 256}, {UINT32_MAX, 512}};
  uint32_t n = 0, size = 0;
  for (size_t i = 0; size < most; n++) {
    while (size >= steps[i][0]) i++;
    size += steps[i][1];
  }
  return n;
}

static uint64_t prefill_graphs_mib(const vf_sglang_plan *p) {
  uint64_t most = p->chunk_tokens;
  if (!p->rules.prefill_graphs) return 0;
  if (is_latent(p->s.model)) return 1536;
  if (p->s.request->pool_tokens != 0) most = vf_min_u64(most, p->s.request->pool_tokens);
  if (p->s.request->ctx_tokens != 0) most = vf_min_u64(most, p->s.request->ctx_tokens);
  return UINT64_C(8) * prefill_sizes(most);
}

static uint64_t graphs_mib(const vf_sglang_plan *p) {
  uint64_t bs = p->graph_bs, dp = p->attention_dp, mib = 0;
  bool eager = p->s.request->enforce_eager;
  if (!eager || !p->rules.prefill_graphs) mib += 2 * bs; /* counted even without graphs before */
  if (dp > 1) mib += 3 * bs * dp + (bs > 300 ? bs * dp * 3 / 2 : 0);
  return mib + (eager ? 0 : prefill_graphs_mib(p));
}

/* From 0.5.3 on: the backend's constants, activations of a chunk, graphs, ranks. */
static uint64_t reserve_by_parts_mib(const vf_sglang_plan *p) {
  enum { LARGE_MIB = 60 * 1024, LEAST_OF_LARGE_MIB = 10 * 1024, DRAFT_MIB = 2048 };
  uint64_t mib = 512 + (uint64_t)vf_max_u32(p->chunk_tokens, 2048) * 3 / 2;
  mib += UINT64_C(128) * p->s.tp * p->s.pp + graphs_mib(p);
  if (total_mib(p) > LARGE_MIB) mib = vf_max_u64(mib, LEAST_OF_LARGE_MIB);
  if (p->draft_layers != 0 && !p->rules.draft_in_budget) mib += DRAFT_MIB;
  if (p->s.request->deepep && p->rules.deepep_reserve) mib += 2048;
  return mib;
}

/* adjust_mem_fraction_for_vlm: a tenth less for each tower of ViT-L's size (302 million numbers)
 * beyond the first, between 0.8 and 1.05 of it. */
static uint64_t with_tower(const vf_sglang_plan *p, uint64_t ppm) {
  const uint64_t vit_l = 302000000;
  const vf_model *m = p->s.model;
  uint64_t numbers = 0, permille = 1000;
  if ((m->flags & VF_MODEL_HAS_TOWER) == 0 || p->s.request->text_only) return ppm;
  for (size_t i = 0; i < m->n_tensors; i++)
    if (vf_roles[m->tensors[i].role].home == VF_HOME_TOWER)
      numbers += vf_tensor_elements(&m->tensors[i]);
  if (p->rules.vision_by_size && numbers != 0) {
    uint64_t less = numbers * 100 / vit_l;
    permille = 1100 - vf_min_u64(less, 1100);
    permille = vf_min_u64(vf_max_u64(permille, 800), 1050);
  }
  return ppm / 1000 * p->rules.vision_permille / 1000 * permille;
}

static uint64_t less_reserve_ppm(const vf_sglang_plan *p, uint64_t kept) {
  uint64_t mib = total_mib(p);
  if (mib == 0) return 880000;
  if (kept >= mib) return 1000;
  return ((mib - kept) * 2000 + mib) / (2 * mib) * 1000; /* three decimals */
}

uint32_t vf_sglang_fraction_ppm(const vf_sglang_plan *p) {
  uint64_t ppm = 0;
  switch (p->rules.share) {
  case VF_SGLANG_SHARE_BY_RANKS: ppm = by_ranks_ppm(p->s.tp); break;
  case VF_SGLANG_SHARE_LESS_18_GIB: ppm = less_18_gib_ppm(p); break;
  case VF_SGLANG_SHARE_BY_SIZE: ppm = less_reserve_ppm(p, reserve_by_size_mib(p)); break;
  case VF_SGLANG_SHARE_BY_PARTS: ppm = less_reserve_ppm(p, reserve_by_parts_mib(p)); break;
  }
  return (uint32_t)vf_max_u64(with_tower(p, ppm), 1000);
}

/* server_args.py:4849: AITER, which the data centre's cards use, has a workspace that grows with
 * the context; a fraction that was given is lowered, too. */
uint32_t vf_sglang_less_aiter(const vf_sglang_plan *p, uint32_t ppm) {
  enum { DATA_CENTRE_MB_PER_S = 1600000, SHORT_TOKENS = 8192 };
  const vf_device *d = &p->s.e->devices[0].device;
  bool aiter = d->backend == VF_BACKEND_ROCM && d->bandwidth_mb_per_s >= DATA_CENTRE_MB_PER_S;
  return aiter && p->s.w->requested_ctx_tokens > SHORT_TOKENS ? ppm / 100 * 85 : ppm;
}
