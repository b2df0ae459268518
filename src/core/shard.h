/* shard.h - what one rank of a parallel group holds of a model's tensors.
 *
 * Tensor parallelism cuts columns (outputs) or rows (inputs) of a matrix, attention by heads,
 * vocabularies by rows; what has no dimension to cut lies on every rank.  Pipelines cut the list
 * of layers, expert parallelism the list of experts.  Engines differ in the numbers of vf_shard,
 * not in these rules (Megatron-LM, arXiv 1909.08053; vLLM model_executor/layers/linear.py). */
#ifndef VF_CORE_SHARD_H
#define VF_CORE_SHARD_H

#include "core/model.h"

typedef struct vf_shard {
  uint32_t tp;                     /* ranks that share a layer */
  uint32_t expert_tp;              /* ranks that share one expert */
  uint32_t expert_ranks;           /* ranks that share the list of experts; 1: each has all */
  uint32_t vocab_multiple;         /* vocabularies are padded to it before they are cut */
  uint32_t number_bytes;           /* of a number that is not quantized; 0: as stored */
  uint32_t pad_width, pad_inner;   /* experts: both sides padded to multiples; 0: not */
  uint32_t first_layer, end_layer; /* of this stage of the pipeline */
  bool first, last;                /* the stage has the embedding, the output */
  bool mtp;                        /* layers that predict further tokens are loaded, too */
  bool towers_whole;               /* towers are not cut */
  bool no_towers;                  /* nor loaded at all */
  bool embeddings_whole;           /* tables of tokens are not cut */
  bool no_zeros;                   /* GPTQ: zero points and the order of inputs are dropped */
} vf_shard;

/* Where a pipeline that cannot cut evenly puts the layers that are left over. */
typedef enum vf_stage_rule {
  VF_STAGE_BEFORE_LAST, /* one each from the last stage but one forwards (vLLM, SGLang) */
  VF_STAGE_FIRST,       /* one each from the first stage on (TensorRT-LLM) */
} vf_stage_rule;

/* Sets the stage of the shard: its layers and its ends. */
void vf_shard_stage(vf_shard *s, const vf_model *m, vf_stage_rule rule, uint32_t stages,
                    uint32_t stage);

/* Bytes of all equal tensors that `t` stands for, on one rank. */
uint64_t vf_shard_tensor(const vf_shard *s, const vf_model *m, const vf_tensor *t);

/* Values alone, without scales: of the formats whose scales are tensors of their own; else 0. */
uint64_t vf_shard_values(const vf_tensor *t);

/* Sum over all tensors. */
uint64_t vf_shard_weights(const vf_shard *s, const vf_model *m);

/* Heads for keys and values on a rank: at least one, so they are copied where ranks are more. */
static inline uint32_t vf_shard_kv_heads(uint32_t heads, uint32_t tp) {
  return heads <= tp ? (heads == 0 ? 0 : 1) : heads / tp;
}

/* n * numerator / denominator, rounded up, without leaving 64 bits on the way. */
static inline uint64_t vf_shard_part(uint64_t n, uint64_t numerator, uint64_t denominator) {
  return n / denominator * numerator +
         (n % denominator * numerator + denominator - 1) / denominator;
}

#endif
