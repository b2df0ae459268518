/* ranks.h - what engines other than llama.cpp have in common: ranks, types, bytes per token,
 * budgets and pools, the terms of weights and of a forward pass.
 *
 * vf_ranks is the beginning of every such engine's plan, so that shared terms (engines/term.h) work
 * on all of them. */
#ifndef VF_ENGINES_RANKS_H
#define VF_ENGINES_RANKS_H

#include "base/text.h"
#include "core/estimate.h"
#include "core/shard.h"
#include "engines/engine.h"
#include "engines/kernels.h"
#include "engines/term.h"

typedef struct vf_ranks {
  vf_estimate *e;
  const vf_model *model;
  const vf_request *request;
  vf_workload *w;
  const char *name;        /* of the engine, as people write it */
  uint32_t version;        /* as vf_ranks_version() counts; its newest where none was named */
  uint32_t tp, pp, dp, ep; /* ep of the tp ranks share the list of experts */
  vf_format number;        /* the type of numbers that are not quantized, */
  uint32_t number_bytes;   /* and its bytes */
  uint32_t batch_tokens;   /* in one forward pass */
  bool moe;
  bool told;      /* why it would not start has been said */
  vf_shard shard; /* of the stage at hand */
} vf_ranks;

/* Fills in version, length, sequences, ranks and the type of numbers.  newest: of the engine whose
 * rules are known. */
vf_status vf_ranks_begin(vf_ranks *s, uint32_t newest, vf_error *err);

/* The same with other ranks than those of the request. */
typedef struct vf_ranks_asked {
  uint32_t tp, pp, dp, ep; /* 0: not said */
} vf_ranks_asked;
vf_status vf_ranks_begin_as(vf_ranks *s, uint32_t newest, vf_ranks_asked asked, vf_error *err);

/* Whether the model has a layer with one of these mixers, a cache of that kind. */
bool vf_ranks_has_mixer(const vf_model *m, uint32_t mixers);
bool vf_ranks_has_cache(const vf_model *m, vf_cache_kind kind);

/* Tokens that a request really has: low, mean, high (--avg-ctx); else the whole context. */
vf_interval vf_ranks_lengths(const vf_ranks *s);

/* Heads, widths and layers that ranks can share and a format that the engine loads, or the reason
 * why not. */
vf_status vf_ranks_check(const vf_ranks *s, const vf_kernel_rules *kernels, vf_error *err);

/* Cache formats: those of the request, or `own`; VF_FORMAT_NONE: the type of the model's numbers.
 */
void vf_ranks_formats(vf_ranks *s, vf_format own);

/* All of these for an engine that gives each GPU whole layers and knows nothing else: the GPUs are
 * stages, the cut of a stage is s->shard.  refusal: what it knows. */
vf_status vf_ranks_begin_by_layers(vf_ranks *s, uint32_t newest, const vf_kernel_rules *kernels,
                                   const char *refusal, vf_error *err);

/* What people call the formats of engines that load checkpoints of NVIDIA's and of AutoAWQ. */
extern const vf_quant_alias vf_ranks_quants[];

/* What the cache takes on the rank of s->shard. */
typedef struct vf_ranks_cell {
  uint64_t full_bytes;    /* per token, layers that keep all of them */
  uint64_t window_bytes;  /* per token, layers that keep the last ones */
  uint64_t window_tokens; /* the longest window */
  uint64_t state_bytes;   /* per sequence */
  uint32_t window_layers, full_layers;
} vf_ranks_cell;

vf_ranks_cell vf_ranks_cell_of(const vf_ranks *s);

/* Hidden states and what the widest layer makes of them: tokens × (4 h + 3 I / tp). */
uint64_t vf_ranks_forward_bytes(const vf_ranks *s, uint64_t tokens);

/* The largest matrix unpacked, where a method multiplies in 16 bits after unpacking. */
uint64_t vf_ranks_unpacked_bytes(const vf_ranks *s);

/* This rank's part of the tensors, within what is not known of them: mixes that are known by their
 * size alone, and what makers of a scheme that was asked for by name leave in 16 bits. */
vf_interval vf_ranks_weights(const vf_ranks *s);

/* Terms that several engines have; the plan's shard stands at the rank. */
vf_amount vf_ranks_offloaded(const vf_ranks *s, uint32_t device);
vf_amount vf_ranks_tower(const vf_ranks *s, uint32_t device);
vf_amount vf_ranks_context(const vf_ranks *s, uint32_t device);

/* So many bytes of the model's tensors, within the spread of its format where that has one. */
vf_amount vf_ranks_stored(const vf_ranks *s, uint64_t bytes);

/* Whether ranks on such devices talk over NVLink or the like, and not over PCIe: bridges between
 * two cards do not count. */
bool vf_ranks_linked(const vf_device *d);

/* The device's total as CUDA reports it. */
uint64_t vf_ranks_total(const vf_device *d);

/* Makes `budget` of `total` the capacity: the rest is reserved, and meets the headroom target with
 * what it has beside the lines outside the budget. */
void vf_ranks_set_budget(vf_ranks *s, uint32_t device, uint64_t total, uint64_t budget);

/* What the lines of the device, but the cache's, leave of a budget: the first as if all of them
 * were off to the same side, for a cache whose own lines are exact; the second as if each were off
 * by itself, and its ends hold what their squares add up to. */
vf_interval vf_ranks_pool(const vf_device_budget *b, vf_interval budget);
vf_interval vf_ranks_pool_of(const vf_ranks *s, uint32_t device, vf_interval budget);

/* Tells a pool of this size, tokens and requests of full length (in hundredths). */
void vf_ranks_set_pool(vf_ranks *s, uint32_t device, vf_interval pool, uint64_t tokens);

/* More requests than run at once: the engine starts all the same, and the others wait. */
void vf_ranks_crowd(vf_ranks *s, uint32_t at_once);

/* Assumptions that all of them share; newest, no_room: what is said where no version was named, and
 * where there is no room for the cache (NULL: plain words). */
void vf_ranks_assume(vf_ranks *s, const char *newest, const char *no_room);

/* "0.4.3": 4003 (minor and patch), with 1000000 per major version; 0 if it is none. */
uint32_t vf_ranks_version(const char *text);

static inline uint32_t vf_ranks_device(const vf_ranks *s, uint32_t replica, uint32_t stage,
                                       uint32_t rank) {
  return (replica * s->pp + stage) * s->tp + rank;
}

#endif
