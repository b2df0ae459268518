/* peak.c - what the profile run finds beside weights: the peak of activations, CUDA graphs,
 * and memory outside of torch.
 *
 * The phases of a forward pass do not add up: the peak is the largest of them
 * (v1/worker/gpu_model_runner.py:6558-6631).  The constants are fits; their error is told in
 * docs/accuracy.md. */
#include <string.h>

#include "base/checked.h"
#include "base/units.h"
#include "core/format.h"
#include "engines/vllm/vllm.h"

/* ---- Activations ------------------------------------------------------------------------ */

static bool is_expert_format_fused(const vf_model *m) {
  return strncmp(m->checkpoint, "mxfp4", 5) == 0; /* its kernels bring no workspace of their own */
}

/* Hidden states in four copies, and what gate and up make of them; a fiftieth more is what was
 * measured where this decides (Granite 8B, the first of four stages). */
static uint64_t layer_bytes(const vf_vllm_plan *p, const vf_layer *l) {
  uint64_t wide = 4 * p->model->n_embd;
  if (l->n_experts == 0) wide += 3 * (uint64_t)l->n_ff / p->tp;
  if (l->mixers & VF_MIX_RECURRENT)
    wide = vf_max_u64(wide, 4 * p->model->n_embd + 4 * (uint64_t)l->inner / p->tp);
  uint64_t bytes = wide * p->batch_tokens * p->number_bytes;
  return bytes + bytes / 50;
}

/* Two workspaces for the chosen experts' inputs and results (experts/triton_moe.py:202-217). */
static uint64_t workspace_bytes(const vf_vllm_plan *p, const vf_layer *l) {
  if (l->n_experts == 0 || is_expert_format_fused(p->model)) return 0;
  uint64_t h = l->expert_embd != 0 ? l->expert_embd : p->model->n_embd;
  uint64_t inner = l->n_ff_expert / p->shard.expert_tp;
  uint64_t width = vf_max_u64(inner, h) + vf_max_u64(2 * inner, h), bytes = 0;
  if (!vf_mul3(&bytes, width * l->n_experts_used, p->batch_tokens, p->number_bytes))
    p->e->overflow = true;
  return bytes;
}

/* Bytes per logit in tenths: low, expected, high.  Model runner V2 has logits in 16 bits and one
 * copy in 32 (by reading, not measured). */
uint32_t vf_vllm_sampler_x10(const vf_vllm_plan *p, int end) {
  static const uint32_t lean[3] = {50, 70, 100};
  uint32_t c = p->new_runner ? lean[end] : p->rules->sampler_x10[end];
  return p->number_bytes > 2 ? c + 26 : c; /* measured on float32: 18.1 in place of 15.5 */
}

/* Logits in the model's type and in 32 bits, their softmax, noise and sorted copies. */
static uint64_t sampler_bytes(const vf_vllm_plan *p, uint32_t per_logit_x10) {
  uint64_t rows = p->max_seqs < p->batch_tokens ? p->max_seqs : p->batch_tokens;
  if (!p->shard.last || (p->model->flags & VF_MODEL_ENCODER) != 0) return 0;
  return rows * p->model->n_vocab * per_logit_x10 / 10;
}

/* bitsandbytes unpacks a matrix before it multiplies. */
static uint64_t unpacked_bytes(const vf_vllm_plan *p) {
  uint64_t most = 0;
  if (strcmp(p->model->checkpoint, "bitsandbytes") != 0) return 0;
  for (uint32_t i = p->shard.first_layer; i < p->shard.end_layer; i++)
    most = vf_max_u64(most, (uint64_t)p->model->layers[i].n_ff / p->tp);
  return most * p->model->n_embd * 2;
}

/* Latent attention unpacks keys and values of earlier context by the workspace: as many rows as
 * eight contexts, 64 Ki at most, for all heads (mla_attention.py:1995-2020). */
static uint64_t context_bytes(const vf_vllm_plan *p) {
  enum { MOST_ROWS = 65536 };
  uint64_t most = 0, rows = vf_min_u64(8 * p->w->requested_ctx_tokens, MOST_ROWS);
  for (uint32_t i = p->shard.first_layer; i < p->shard.end_layer; i++) {
    const vf_layer *l = &p->model->layers[i];
    if (l->kv_lora == 0 || p->rules->since < 10) continue;
    most = vf_max_u64(most, l->n_heads / p->tp * (uint64_t)(l->k_dim - l->rope_dim + l->v_dim));
  }
  return most * rows * p->number_bytes;
}

/* Images and sounds come as embeddings: the batch's, and half as much again from the encoder (logs
 * of LLaVA and Gemma 3 lie on either side). */
static uint64_t embeddings_bytes(const vf_vllm_plan *p) {
  if ((p->model->flags & VF_MODEL_HAS_TOWER) == 0 || p->request->text_only) return 0;
  if (!p->shard.first) return 0;
  return 3 * p->model->n_embd * p->batch_tokens * p->number_bytes / 2;
}

vf_interval vf_vllm_activation(const vf_vllm_plan *p) {
  uint64_t forward = 0, workspace = 0, beside = embeddings_bytes(p);
  uint64_t peaks[3];
  for (uint32_t i = p->shard.first_layer; i < p->shard.end_layer; i++) {
    const vf_layer *l = &p->model->layers[i];
    uint64_t own = p->rules->workspaces_stay ? 0 : workspace_bytes(p, l);
    forward = vf_max_u64(forward, layer_bytes(p, l) + own);
    workspace = vf_max_u64(workspace, workspace_bytes(p, l));
  }
  forward += unpacked_bytes(p) + context_bytes(p);
  if (!p->shard.last) beside += 2 * p->model->n_embd * p->batch_tokens * p->number_bytes;
  if (p->rules->workspaces_stay) beside += workspace;
  for (int i = 0; i < 3; i++) {
    peaks[i] = beside + vf_max_u64(forward, sampler_bytes(p, vf_vllm_sampler_x10(p, i)));
  }
  return (vf_interval){peaks[0] - peaks[0] / 16, peaks[1], peaks[2] + peaks[2] / 12};
}

/* ---- CUDA graphs ------------------------------------------------------------------------ */

/* Sizes 1, 2, 4, then by 8 up to 256, then by 16 (config/vllm.py:1861-2031; 51 were logged by
 * v0.19); before v0.17 by 8 throughout (67 were logged by v0.10 and v0.11), before v0.10 up to the
 * number of sequences. */
uint32_t vf_vllm_capture_sizes(const vf_vllm_plan *p) {
  bool old = p->rules->since < 17;
  uint32_t cap = p->e->devices[0].device.compute_capability / 10 == 10 ? 1024 : 512;
  uint64_t most = (uint64_t)p->max_seqs * (1 + p->spec_tokens) * (p->rules->since < 10 ? 1 : 2);
  most = vf_min_u64(vf_min_u64(most, cap), p->batch_tokens);
  uint32_t n = 0;
  if (p->eager) return 0;
  for (uint32_t size = 1; size <= most; n++) {
    uint32_t step = old || size < 256 ? 8 : 16;
    size += size < 4 ? size : size < 8 ? 4 : step;
  }
  return n;
}

/* Kernels' arguments and private pools: 0.2 to 1.2 MiB per size and layer on what was measured. */
vf_interval vf_vllm_graph_bytes(const vf_vllm_plan *p) {
  uint64_t n = (uint64_t)vf_vllm_capture_sizes(p) * (p->shard.end_layer - p->shard.first_layer);
  return (vf_interval){n * (200 * VF_KIB), n * (460 * VF_KIB), n * (1250 * VF_KIB)};
}

/* ---- Outside of torch ------------------------------------------------------------------- */

static vf_interval mib_interval(const uint32_t mib[3], uint64_t more) {
  return (vf_interval){mib[0] * VF_MIB + more, mib[1] * VF_MIB + more, mib[2] * VF_MIB + more};
}

static uint32_t log2_of(uint32_t n) {
  uint32_t log = 0;
  while (n > 1) {
    n /= 2;
    log++;
  }
  return log;
}

/* Buffers of NCCL and of the all-reduce are made while profiling, so they count; the CUDA context
 * and the communicator itself were there before.  Without NVLink there are fewer of them. */
vf_interval vf_vllm_non_torch(const vf_vllm_plan *p, const vf_device *d) {
  static const uint32_t staged[3] = {40, 72, 260}, bus[3] = {200, 700, 2300};
  enum { LINKED_MB_PER_S = 1400000, MIB_PER_DOUBLING = 60 };
  vf_interval size;
  if (p->tp > 1 && d->bandwidth_mb_per_s >= LINKED_MB_PER_S)
    size = mib_interval(p->rules->linked_mib, (log2_of(p->tp) - 1) * MIB_PER_DOUBLING * VF_MIB);
  else if (p->tp > 1)
    size = mib_interval(bus, 0);
  else
    size = mib_interval(p->pp > 1 ? staged : p->rules->alone_mib, 0);
  if (p->dp > 1 && p->moe) { /* all-to-all buffers: reported from 1 to 4 GiB */
    size.bytes += VF_GIB;
    size.high_bytes += 4 * VF_GIB;
  }
  return size;
}
