/* torch.c - the allocator's steps (pytorch, c10/cuda/CUDACachingAllocator.cpp: get_allocation_size,
 * should_split).
 *
 * Large tensors are taken from CUDA in steps of 2 MiB, and what is left of a step is given to
 * others only if it is more than 1 MiB; what is not given away counts as allocated.  Checked
 * against 27 published weights of vLLM: 25 equal to the last printed digit. */
#include "engines/torch.h"

#include "core/format.h"

static uint64_t slack_of(uint64_t bytes, vf_torch_rule rule) {
  enum { LARGE = 10 << 20, STEP = 2 << 20, SPLIT = 1 << 20 };
  uint64_t rest = bytes % STEP == 0 ? 0 : STEP - bytes % STEP;
  return bytes >= LARGE && (rule.reserved || rest <= SPLIT) ? rest : 0;
}

/* Matrices that are one tensor in the engine. */
typedef enum fusion { FUSED_QKV, FUSED_GATE_UP, FUSED_EXPERTS, FUSED_SHARED, FUSED_COUNT } fusion;

static fusion fusion_of(const vf_tensor *t) {
  switch (t->role) {
  case VF_ROLE_ATTN_Q:
  case VF_ROLE_ATTN_K:
  case VF_ROLE_ATTN_V: return FUSED_QKV;
  case VF_ROLE_FFN_GATE:
  case VF_ROLE_FFN_UP: return FUSED_GATE_UP;
  case VF_ROLE_FFN_GATE_EXPS:
  case VF_ROLE_FFN_UP_EXPS: return FUSED_EXPERTS;
  case VF_ROLE_FFN_GATE_SHEXP:
  case VF_ROLE_FFN_UP_SHEXP: return FUSED_SHARED;
  default: return FUSED_COUNT;
  }
}

/* Scales are tensors of their own, and small; what has them inside is not known one by one. */
static bool is_counted(const vf_tensor *t, vf_torch_rule rule) {
  bool known = !vf_formats[t->format].quantized || (t->format == VF_FORMAT_F8_E4M3 && !rule.plain);
  return known && t->suffix == VF_SUFFIX_WEIGHT && t->count == 1;
}

static uint64_t bytes_of(const vf_shard *s, const vf_model *m, const vf_tensor *t) {
  uint64_t bytes = vf_shard_tensor(s, m, t), values = vf_shard_values(t);
  return values == 0 || t->bytes == 0 ? bytes : vf_shard_part(bytes, values, t->bytes);
}

static uint64_t flush(uint64_t fused[FUSED_COUNT], vf_torch_rule rule) {
  uint64_t sum = 0;
  for (int f = 0; f < FUSED_COUNT; f++) {
    sum += slack_of(fused[f], rule);
    fused[f] = 0;
  }
  return sum;
}

uint64_t vf_torch_slack(const vf_shard *s, const vf_model *m, vf_torch_rule rule) {
  uint64_t fused[FUSED_COUNT] = {0}, sum = 0;
  int32_t layer = -1;
  for (size_t i = 0; i < m->n_tensors; i++) {
    const vf_tensor *t = &m->tensors[i];
    if (!is_counted(t, rule)) continue;
    if (t->layer != layer) sum += flush(fused, rule);
    layer = t->layer;
    fusion f = rule.fused ? fusion_of(t) : FUSED_COUNT;
    if (f == FUSED_COUNT)
      sum += slack_of(bytes_of(s, m, t), rule);
    else
      fused[f] += bytes_of(s, m, t);
  }
  return sum + flush(fused, rule);
}
