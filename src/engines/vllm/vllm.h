/* vllm.h - what the files of this engine share: the rules of a version, and one deployment's plan.
 *
 * Rules are those of vLLM's main branch at 017e9f4448 (2026-08-17, behind v0.27.1) and of older
 * releases where a date is known; every rule names its file. */
#ifndef VF_ENGINES_VLLM_VLLM_H
#define VF_ENGINES_VLLM_VLLM_H

#include "engines/ranks.h"

typedef enum vf_vllm_graphs {
  VF_VLLM_GRAPHS_BESIDE,  /* captured after the cache is sized, out of what utilization leaves */
  VF_VLLM_GRAPHS_CHARGED, /* estimated first and taken from the cache */
} vf_vllm_graphs;

/* Batch sizes that are captured. */
typedef enum vf_vllm_capture {
  VF_VLLM_CAPTURE_BY_8_TO_SEQS, /* 1, 2, 4, then by 8, up to the number of sequences */
  VF_VLLM_CAPTURE_BY_8,         /* up to twice of it */
  VF_VLLM_CAPTURE_BY_8_AND_16,  /* from 256 on by 16 */
} vf_vllm_capture;

/* Three ends of an interval: low, expected, high. */
typedef struct vf_vllm_spread {
  uint32_t at[3];
} vf_vllm_spread;

/* The rules of one version, folded from versions.def. */
typedef struct vf_vllm_rules {
  uint32_t utilization_permille; /* default of --gpu-memory-utilization */
  vf_vllm_spread sampler_x10;    /* bytes per logit at the peak, in tenths */
  vf_vllm_spread alone_mib;      /* memory outside of torch on one GPU */
  vf_vllm_spread linked_mib;     /* the same where ranks talk over NVLink */
  vf_vllm_spread ampere_mib;     /* of GPUs that know nothing of multicast in the switch, */
  vf_vllm_spread staged_mib;     /* and on a pipeline's stage, */
  vf_vllm_spread bus_mib;        /* where ranks talk over PCIe, */
  uint32_t doubling_mib;         /* more for each doubling of ranks over NVLink */
  vf_vllm_spread unified_mib;    /* and where the memory is the whole computer's */
  uint32_t unified_noise_mib;    /* that a start there may find more than the one before */
  vf_vllm_spread tower_widths;   /* copies of what a tower's layer hands on, at its peak */
  vf_vllm_spread rocm_peak_mib;  /* more at the peak on ROCm, at most */
  uint32_t eager_less_mib,
      eager_links_less_mib;   /* less outside of torch, at most, without compiling */
  uint32_t compiling_mib;     /* more at the peak of a start that compiles */
  uint32_t sparse_logits_mib; /* for the index's scores, at the peak */
  uint32_t seqs_of_70_gib;    /* requests at once by default on GPUs of 70 GiB and more */
  uint32_t batch_of_160_gib;  /* tokens of a batch by default on GPUs of 160 GiB; 0: as smaller */
  uint32_t latent_block_hopper, latent_block_blackwell; /* tokens in a block of latent attention */
  vf_vllm_capture capture;
  vf_vllm_graphs graphs;
  bool whole_prompts;            /* V0: a batch holds a whole prompt */
  bool wide_latent_rope;         /* cosines of latent attention are kept in 32 bits */
  bool workspaces_stay;          /* those of experts are kept beside the sampler's peak */
  bool sparse_auto_narrow;       /* the cache of sparse latent attention has 8 bits unless asked */
  bool sparse_flashinfer;        /* and is plain rows of these with FlashInfer */
  bool sparse_workspace;         /* FlashMLA has room for prompts in 16 bits from the load on, */
  bool sparse_workspace_queries; /* and for queries */
  bool unpacks_context;          /* latent attention has a workspace for earlier context */
  bool groups;                   /* windows and states have groups of their own in the pool */
  bool groups_any_heads;         /* also where kinds of layers have heads of different sizes */
  bool state_aligned;            /* prefix caching holds a second state per request */
  bool prefix_of_states;         /* and is on by default */
  bool state_blocks_checked;     /* a state's block for each of --max-num-seqs, or no start */
  bool logs_concurrency;         /* logged tokens are concurrency x length */
  bool rocm_counts_device;       /* weights on ROCm are what the device lost, not what torch gave */
  bool towers_drop_output;       /* models with towers make an output matrix that they do not use */
  bool compressed_keys;          /* knows keys of several tokens */
  bool packs_groups;             /* and its groups share a block as they come */
  bool in_flight_twice;          /* windows reserve the tokens of two batches */
  bool dense_runner_v2;          /* dense models run on model runner V2 */
  bool gguf_plugin, bitsandbytes_plugin;       /* such weights need a plugin */
  bool caches_int8, caches_int4, caches_nvfp4; /* knows such caches */
  uint32_t least_capability;                   /* of GPUs that it is built for: 75 is 7.5 */
  uint32_t marlin_capability;                  /* the same of Marlin's kernels */
  bool falls_back_to_f16; /* where the GPU has no bfloat16; else that is an error */
  bool forbids_f16;       /* to models that come out wrong in it */
} vf_vllm_rules;

/* The rules of a version as vf_ranks_version() counts it: 19001 is 0.19.1. */
vf_vllm_rules vf_vllm_rules_of(uint32_t version);

/* The releases in which architectures came (archs.def). */
extern const struct vf_arch_ages vf_vllm_ages;

/* Whether rules are known: 0.6 to the newest. */
bool vf_vllm_knows(const char *version);
enum {
  VF_VLLM_OLDEST = 6000,
  VF_VLLM_NEWEST = 28000 /* main behind v0.27.1 */
};

enum { VF_VLLM_KINDS = 8 };

/* Layers with equal caches (v1/kv_cache_interface.py). */
typedef struct vf_vllm_kind {
  vf_cache_layer cache;
  uint32_t layers;         /* of the whole model */
  uint32_t here;           /* of the rank's stage */
  uint32_t block_tokens;   /* tokens in a page; of a state: of the pages beside it */
  uint64_t page_bytes;     /* one layer's page */
  uint32_t groups;         /* that its layers are cut into */
  uint64_t request_blocks; /* that one request of the full length takes in each group */
} vf_vllm_kind;

typedef struct vf_vllm_pool {
  vf_vllm_kind kinds[VF_VLLM_KINDS];
  uint32_t n_kinds;
  uint32_t n_groups;
  uint32_t group_layers; /* in the longest group; 0: one group of unequal pages */
  uint64_t page_bytes;   /* common to all layers */
  uint64_t block_bytes;  /* a block of the pool on this rank: a page of each of a group's layers */
  uint64_t need_bytes;   /* a block as a start counts it, where that is more; else block_bytes */
  uint64_t request_blocks; /* that one request of the full length takes */
  uint64_t state_blocks;   /* of these, for states */
  uint32_t least_tokens;   /* in the smallest block */
} vf_vllm_pool;

typedef struct vf_vllm_plan {
  vf_ranks r;
  vf_vllm_rules rules;
  uint32_t max_seqs, spec_tokens;
  bool eager, recurrent, new_runner;
  uint64_t blocks;      /* in the pool of the rank that has the fewest, */
  uint64_t sure_blocks; /* and where all that is beside it is as large as it may be */
  vf_vllm_pool pool;    /* of the rank of r.shard */
} vf_vllm_plan;
_Static_assert(sizeof(vf_vllm_plan) <= VF_PLAN_BYTES, "an explanation needs the plan");

/* The plan that a shared term was given. */
static inline const vf_vllm_plan *vf_vllm_plan_of(const vf_ranks *r) {
  return (const vf_vllm_plan *)r;
}

/* --enable-expert-parallel: experts stay whole, on all tp x dp ranks (--ep, whatever its number).
 */
static inline bool vf_vllm_whole_experts(const vf_vllm_plan *p) {
  return p->r.request->ep > 1;
}

/* Layers that predict further tokens, as described behind the last one. */
static inline uint32_t vf_vllm_mtp_layers(const vf_model *m) {
  uint32_t n = 0;
  while (n < m->n_layers && (m->layers[m->n_layers - 1 - n].flags & VF_LAYER_MTP) != 0) n++;
  return n;
}

/* Sets p->r.shard for the stage. */
void vf_vllm_shard(vf_vllm_plan *p, uint32_t stage);

/* Fills p->pool for the rank of p->r.shard and a context of p->r.w->requested_ctx_tokens. */
vf_status vf_vllm_find_pool(vf_vllm_plan *p, vf_error *err);

/* The same of a model with keys of several tokens (compressed.c). */
bool vf_vllm_compresses(const vf_model *m);
vf_status vf_vllm_find_compressed_pool(vf_vllm_plan *p, vf_error *err);

/* Sparse latent attention: by FlashInfer, by FlashMLA with its room for prompts (weights.c). */
bool vf_vllm_sparse(const vf_model *m);
bool vf_vllm_sparse_rows_plain(const vf_vllm_plan *p);
uint64_t vf_vllm_sparse_workspace_bytes(const vf_vllm_plan *p);

/* Blocks of a request of so many tokens in p->pool; *states: of these, for states. */
uint64_t vf_vllm_request_blocks(const vf_vllm_plan *p, uint64_t tokens, uint64_t *states);

/* Sizes that are captured, and bytes per logit in tenths at one end. */
uint32_t vf_vllm_capture_sizes(const vf_vllm_plan *p);
uint32_t vf_vllm_sampler_x10(const vf_vllm_plan *p, int end);

/* What the terms take on the rank of p->r.shard: weights.c, peak.c, cache.c. */
vf_amount vf_vllm_weights(const vf_ranks *r, uint32_t device);
vf_amount vf_vllm_draft(const vf_ranks *r, uint32_t device);
vf_amount vf_vllm_prediction_layer(const vf_ranks *r, uint32_t device);
vf_amount vf_vllm_slack(const vf_ranks *r, uint32_t device);
vf_amount vf_vllm_rope_tables(const vf_ranks *r, uint32_t device);
vf_amount vf_vllm_attention_scalars(const vf_ranks *r, uint32_t device);
vf_amount vf_vllm_tower_levels(const vf_ranks *r, uint32_t device);
vf_amount vf_vllm_latent_copies(const vf_ranks *r, uint32_t device);
vf_amount vf_vllm_sparse_workspace(const vf_ranks *r, uint32_t device);
vf_amount vf_vllm_sparse_indices(const vf_ranks *r, uint32_t device);
vf_amount vf_vllm_lora_slots(const vf_ranks *r, uint32_t device);
vf_amount vf_vllm_activation(const vf_ranks *r, uint32_t device);
vf_amount vf_vllm_graph_bytes(const vf_ranks *r, uint32_t device);
vf_amount vf_vllm_non_torch(const vf_ranks *r, uint32_t device);
vf_amount vf_vllm_kv_cache(const vf_ranks *r, uint32_t device);
vf_amount vf_vllm_states(const vf_ranks *r, uint32_t device);
vf_amount vf_vllm_pool_rest(const vf_ranks *r, uint32_t device);

/* A pool of the user's own size (--kv-cache-memory-bytes, --num-gpu-blocks-override), on the rank
 * of p->r.shard: vLLM allocates it whatever the memory.  0: the pool is what the share leaves. */
uint64_t vf_vllm_given_pool(const vf_vllm_plan *p);

/* The list of them: terms.c. */
extern const vf_term vf_vllm_terms[];

/* Which GPUs, types of numbers and lengths it lets in. */
vf_status vf_vllm_admit(vf_vllm_plan *p, vf_error *err);

/* What the engine refuses (VF_UNSUPPORTED with its reason) and what it warns of. */
vf_status vf_vllm_check(vf_vllm_plan *p, vf_error *err);

#endif
