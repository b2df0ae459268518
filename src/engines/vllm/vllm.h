/* vllm.h - what the files of this engine share: the rules of a version, and one deployment's plan.
 *
 * Rules are those of vLLM's main branch at 017e9f4448 (2026-08-17, behind v0.27.1) and of older
 * releases where a date is known; every rule names its file. */
#ifndef VF_ENGINES_VLLM_VLLM_H
#define VF_ENGINES_VLLM_VLLM_H

#include "base/text.h"
#include "core/estimate.h"
#include "core/shard.h"

/* ---- What changed from version to version ----------------------------------------------- */

typedef enum vf_vllm_graphs {
  VF_VLLM_GRAPHS_BESIDE,  /* captured after the cache is sized, out of what utilization leaves */
  VF_VLLM_GRAPHS_CHARGED, /* estimated first and taken from the cache */
} vf_vllm_graphs;

typedef struct vf_vllm_rules {
  uint32_t since;                /* minor version: 19 for v0.19 */
  uint32_t utilization_permille; /* default of --gpu-memory-utilization */
  uint32_t sampler_x10[3];       /* bytes per logit at the peak, in tenths: low, expected, high */
  uint32_t alone_mib[3];         /* memory outside of torch on one GPU */
  uint32_t linked_mib[3];        /* the same where ranks talk over NVLink */
  bool workspaces_stay;          /* those of experts are kept beside the sampler's peak */
  bool groups;                   /* windows and states have groups of their own in the pool */
  bool groups_any_heads;         /* also where kinds of layers have heads of different sizes */
  bool state_aligned;            /* prefix caching holds a second state per request */
  bool logs_concurrency;         /* logged tokens are concurrency x length */
  bool in_flight_twice;          /* windows reserve the tokens of two batches */
  bool new_runner;               /* dense models run on model runner V2 */
  vf_vllm_graphs graphs;
} vf_vllm_rules;

/* The rules of "0.19.0", "v0.8.5.post1"; NULL or unknown: the newest. */
const vf_vllm_rules *vf_vllm_rules_of(const char *version, uint32_t *minor, bool *known);

/* ---- The pool --------------------------------------------------------------------------- */

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
  uint64_t request_blocks; /* that one request of the full length takes */
  uint64_t state_blocks;   /* of these, for states */
  uint32_t least_tokens;   /* in the smallest block */
} vf_vllm_pool;

/* Numbers kept for the explanations, of the first stage. */
enum {
  VF_VLLM_BLOCK_BYTES,
  VF_VLLM_REQUEST_BLOCKS,
  VF_VLLM_STATE_BLOCKS,
  VF_VLLM_GROUPS,
  VF_VLLM_GROUP_LAYERS,
  VF_VLLM_PAGE_BYTES,
  VF_VLLM_CAPTURE_SIZES,
  VF_VLLM_SAMPLER_X10,
  VF_VLLM_HAS_EXPERTS,
};

/* ---- One deployment --------------------------------------------------------------------- */

typedef struct vf_vllm_plan {
  vf_estimate *e;
  const vf_model *model;
  const vf_request *request;
  vf_workload *w;
  const vf_vllm_rules *rules;
  uint32_t minor; /* version: 19 for v0.19 */
  uint32_t tp, pp, dp;
  uint32_t max_seqs, batch_tokens, spec_tokens;
  uint32_t number_bytes; /* of the model's own type */
  bool eager, moe, recurrent, new_runner;
  bool lacks;     /* less is free than the engine is to take */
  vf_shard shard; /* of the stage at hand */
  vf_vllm_pool pool;
} vf_vllm_plan;

/* --enable-expert-parallel: experts stay whole, on all tp x dp ranks (--ep, whatever its number).
 */
static inline bool vf_vllm_whole_experts(const vf_vllm_plan *p) {
  return p->request->ep > 1;
}

/* Layers that predict further tokens, as described behind the last one. */
static inline uint32_t vf_vllm_mtp_layers(const vf_model *m) {
  uint32_t n = 0;
  while (n < m->n_layers && (m->layers[m->n_layers - 1 - n].flags & VF_LAYER_MTP) != 0) n++;
  return n;
}

/* Sets p->shard for the stage. */
void vf_vllm_shard(vf_vllm_plan *p, uint32_t stage);

/* Weights and what lies beside them on the rank of p->shard. */
void vf_vllm_add_weights(vf_vllm_plan *p, uint32_t device);

/* Fills p->pool for the rank of p->shard and a context of p->w->requested_ctx_tokens. */
vf_status vf_vllm_find_pool(vf_vllm_plan *p, vf_error *err);

/* Peak of the profile run, graphs, memory outside of torch: sizes of the rank of p->shard. */
vf_interval vf_vllm_activation(const vf_vllm_plan *p);
vf_interval vf_vllm_graph_bytes(const vf_vllm_plan *p);
vf_interval vf_vllm_non_torch(const vf_vllm_plan *p, const vf_device *d);
uint32_t vf_vllm_capture_sizes(const vf_vllm_plan *p);
uint32_t vf_vllm_sampler_x10(const vf_vllm_plan *p, int end);

/* What the engine refuses (VF_UNSUPPORTED with its reason) and what it warns of. */
vf_status vf_vllm_check(vf_vllm_plan *p, vf_error *err);

void vf_vllm_explain(const vf_estimate *e, const vf_line *line, vf_text *out);

#endif
