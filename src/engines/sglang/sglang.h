/* sglang.h - SGLang's plan: what a version does, what a request settles, what a rank holds.
 *
 * The static fraction is of what is free before weights are loaded.  Weights and pools lie in it;
 * activations, graphs and the table of requests are not measured and must fit in the rest.
 *
 *   total of the card
 *   |-- context, NCCL --|------------------- free before loading ------------------------|
 *                       |----------- static: fraction of it ------------|---- the rest ----|
 *                       | weights | states (slots) | pool of tokens     | graphs, a chunk  |
 */
#ifndef VF_ENGINES_SGLANG_H
#define VF_ENGINES_SGLANG_H

#include "engines/ranks.h"

enum {
  VF_SGLANG_NEWEST = 5015,
  VF_SGLANG_MAX_RUNNING = 4096,
  VF_SGLANG_COMPRESSED_RUNNING = 256 /* arg_groups/deepseek_v4_hook.py, where it is not given */
};

/* How the fraction is found where nobody gives one (fraction.c). */
typedef enum vf_sglang_share {
  VF_SGLANG_SHARE_BY_RANKS,
  VF_SGLANG_SHARE_LESS_18_GIB,
  VF_SGLANG_SHARE_BY_SIZE,
  VF_SGLANG_SHARE_BY_PARTS,
} vf_sglang_share;

typedef enum vf_sglang_chunks {
  VF_SGLANG_CHUNKS_TWO,
  VF_SGLANG_CHUNKS_THREE,
  VF_SGLANG_CHUNKS_BY_SIZE,
  VF_SGLANG_CHUNKS_BY_TIER,
} vf_sglang_chunks;

typedef struct vf_sglang_rules {
  vf_sglang_share share;
  vf_sglang_chunks chunks;
  bool blackwell_790;          /* cards of more than 180 GB: 0.79 */
  uint32_t graph_bs_of_24_gib; /* largest graph below 35 GiB with fewer than four ranks */
  uint32_t vision_permille;    /* of the fraction, with a tower */
  bool vision_by_size;         /* and less with a larger one */
  uint32_t state_copies;       /* slots per request, with the radix cache; 0: states have no pool */
  bool prefill_graphs;         /* prompts run in graphs, too */
  bool draft_in_budget;        /* a draft's weights and cache lie in the fraction */
  bool windows_by_requests;    /* without the radix cache windows get what requests can use */
  bool deepep_reserve;
  bool compressed_keys;                /* knows keys of several tokens */
  bool sparse_narrow_on_blackwell;     /* the cache of sparse latent attention has 8 bits there, */
  bool sparse_rows_plain_on_blackwell; /* and no scales */
} vf_sglang_rules;

vf_sglang_rules vf_sglang_rules_of(uint32_t version);

typedef struct vf_sglang_plan {
  vf_ranks s;
  vf_sglang_rules rules;
  uint32_t attention_dp; /* replicas of attention inside of one tp group */
  uint32_t chunk_tokens; /* of a prompt, before replicas share it */
  uint32_t graph_bs;
  uint32_t fraction_ppm;
  uint32_t window_ppm; /* tokens of layers with a window, of those of the others */
  uint32_t state_ratio_ppm;
  uint32_t seqs;   /* of one replica of attention */
  uint32_t copies; /* slots per request */
  uint64_t draft_layers;
  bool host_experts;  /* KTransformers */
  vf_ranks_cell cell; /* of the rank at hand */
  uint64_t state_bytes;
  uint64_t compressed_token, compressed_fixed; /* of keys of several tokens; 0: there are none */
  vf_interval pool;                            /* states and tokens together */
  uint64_t tokens;                             /* that fit */
  uint64_t slots;                              /* of states */
} vf_sglang_plan;

static inline const vf_sglang_plan *vf_sglang_plan_of(const vf_ranks *r) {
  return (const vf_sglang_plan *)r;
}

/* fraction.c: chunk, largest graph and fraction that SGLang takes for this card. */
uint32_t vf_sglang_chunk(const vf_sglang_plan *p);
uint32_t vf_sglang_graph_bs(const vf_sglang_plan *p);
uint32_t vf_sglang_fraction_ppm(const vf_sglang_plan *p);
uint32_t vf_sglang_less_aiter(const vf_sglang_plan *p, uint32_t ppm);

/* pool.c: bytes of a token of the pool, what the demand takes, what memory of `bytes` holds. */
uint64_t vf_sglang_token_bytes(const vf_sglang_plan *p);
uint64_t vf_sglang_demand_tokens(const vf_sglang_plan *p);
uint64_t vf_sglang_demand_states(const vf_sglang_plan *p);
uint64_t vf_sglang_slot_bytes(const vf_sglang_plan *p); /* one state, with those of proposals */
uint64_t vf_sglang_slots(const vf_sglang_plan *p, uint64_t bytes);
uint64_t vf_sglang_pool_tokens(const vf_sglang_plan *p, uint64_t bytes);

/* compressed.c: the same of a model with keys of several tokens, and what is kept of each request
 * that may run. */
bool vf_sglang_compresses(const vf_model *m);
uint64_t vf_sglang_compressed_token(const vf_sglang_plan *p);
uint64_t vf_sglang_compressed_fixed(const vf_sglang_plan *p);

extern const vf_term vf_sglang_terms[];

#endif
