/* serving.h - what engines other than llama.cpp have in common: ranks, types, bytes per token, the
 * lines of weights and of a forward pass. */
#ifndef VF_ENGINES_SERVING_H
#define VF_ENGINES_SERVING_H

#include "base/text.h"
#include "core/estimate.h"
#include "core/shard.h"
#include "engines/engine.h"
#include "engines/kernels.h"

typedef struct vf_serving {
  vf_estimate *e;
  const vf_model *model;
  const vf_request *request;
  vf_workload *w;
  const char *name;        /* of the engine, as people write it */
  uint32_t tp, pp, dp, ep; /* ep of the tp ranks share the list of experts */
  uint32_t number_bytes;   /* of a number that is not quantized */
  uint32_t batch_tokens;   /* in one forward pass */
  bool moe;
  vf_shard shard; /* of the stage at hand */
} vf_serving;

/* Fills in length, sequences, ranks and the type of numbers. */
vf_status vf_serving_begin(vf_serving *s, vf_error *err);

/* Heads, widths and layers that ranks can share and a format that the engine loads, or the reason
 * why not. */
vf_status vf_serving_check(const vf_serving *s, const vf_kernel_rules *kernels, vf_error *err);

/* Cache formats: those of the request, or the engine's own. */
void vf_serving_formats(vf_serving *s);

/* All of these for an engine that gives each GPU whole layers and knows nothing else: the request's
 * ranks are the stages of *r, the cut of a stage is s->shard.  refusal: what it knows. */
vf_status vf_serving_begin_by_layers(vf_serving *s, vf_request *r, const vf_kernel_rules *kernels,
                                     const char *refusal, vf_error *err);

/* What people call the formats of engines that load checkpoints of NVIDIA's and of AutoAWQ. */
extern const vf_quant_alias vf_serving_quants[];

/* What the cache takes on the rank of s->shard. */
typedef struct vf_serving_cell {
  uint64_t full_bytes;    /* per token, layers that keep all of them */
  uint64_t window_bytes;  /* per token, layers that keep the last ones */
  uint64_t window_tokens; /* the longest window */
  uint64_t state_bytes;   /* per sequence */
  uint32_t window_layers, full_layers;
} vf_serving_cell;

vf_serving_cell vf_serving_cell_of(const vf_serving *s);

/* Hidden states and what the widest layer makes of them: tokens × (4 h + 3 I / tp). */
uint64_t vf_serving_forward_bytes(const vf_serving *s, uint64_t tokens);

/* The largest matrix unpacked, where a method multiplies in 16 bits after unpacking. */
uint64_t vf_serving_unpacked_bytes(const vf_serving *s);

/* Lines. */
void vf_serving_add(vf_serving *s, uint32_t device, vf_part part, const char *name,
                    vf_interval size, vf_basis basis, const char *note);
void vf_serving_add_outside(vf_serving *s, uint32_t device, vf_part part, const char *name,
                            vf_interval size, const char *note);
void vf_serving_add_weights(vf_serving *s, uint32_t device, bool fused, bool reserved);

/* The device's total as CUDA reports it. */
uint64_t vf_serving_total(const vf_device *d);

/* Makes `budget` of `total` the capacity: the rest is reserved, and meets the headroom target with
 * what it has beside the lines outside the budget. */
void vf_serving_set_budget(vf_serving *s, uint32_t device, uint64_t total, uint64_t budget);

/* Tells a pool of this size, tokens and requests of full length (in hundredths). */
void vf_serving_set_pool(vf_serving *s, uint32_t device, vf_interval pool, uint64_t tokens);

/* Assumptions that all of them share. */
void vf_serving_assume(vf_serving *s);

/* A plain formula for any line. */
void vf_serving_explain(const vf_estimate *e, const vf_line *line, vf_text *out);

/* "0.4.3": 4003 (minor and patch), with 1000000 per major version; 0 if it is none. */
uint32_t vf_serving_version(const char *text);

static inline uint32_t vf_serving_device(const vf_serving *s, uint32_t replica, uint32_t stage,
                                         uint32_t rank) {
  return (replica * s->pp + stage) * s->tp + rank;
}

#endif
