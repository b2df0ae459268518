/* torch.h - what PyTorch's CUDA allocator makes of tensors: sizes in steps, and what it counts. */
#ifndef VF_ENGINES_TORCH_H
#define VF_ENGINES_TORCH_H

#include "core/shard.h"

typedef struct vf_torch_rule {
  bool fused;    /* Q, K and V are one tensor, gate and up another, as in serving engines */
  bool plain;    /* numbers of 16 and 32 bits alone */
  bool reserved; /* what the device lost is told, not what the allocator counts as in use */
} vf_torch_rule;

/* Bytes beyond the tensors' own on the rank. */
uint64_t vf_torch_slack(const vf_shard *s, const vf_model *m, vf_torch_rule rule);

#endif
