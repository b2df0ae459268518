/* beside.c - what a process takes around its model: contexts, scratch, caches of prompts,
 * towers and adapters; and what is taken for granted. */
#include <inttypes.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "core/format.h"
#include "engines/engine.h"
#include "engines/llamacpp/plan.h"

/* llama-server keeps the states of past prompts in main memory: --cache-ram, 8192 MiB, but never
 * less than one whole sequence (tools/server, server_prompt_cache::update). */
static const uint64_t default_prompt_cache_bytes = 8192 * VF_MIB;

/* ---- Runtime memory --------------------------------------------------------------------- */

/* Scratch that kernels keep: activations repacked to 8 bits (36 bytes per 32, rows padded to 512)
 * or as f16, of the widest matrix (ggml-cuda/mmq.cu, common.cuh:1549).  The pool never shrinks and
 * grows in steps, hence the wide interval. */
static vf_interval scratch_bytes(const plan *p) {
  uint64_t widest, bytes = 0;
  if (!vf_align_up(&widest, p->model->widest_row, 512) || !vf_mul(&bytes, widest, p->graph.tokens))
    p->e->overflow = true;
  bytes = bytes / 32 * 36;
  return (vf_interval){0, bytes, 2 * bytes + 64 * VF_MIB};
}

/* cuBLAS: 32 MiB for compute capability 9.0 and later, 4 MiB before, if it is used at all. */
static vf_interval workspace_bytes(const vf_device *d) {
  uint64_t most = d->compute_capability >= 90 ? 32 * VF_MIB : 4 * VF_MIB;
  return (vf_interval){0, most, most};
}

static vf_interval sum_intervals(vf_interval a, vf_interval b) {
  return (vf_interval){a.low_bytes + b.low_bytes, a.bytes + b.bytes, a.high_bytes + b.high_bytes};
}

static void add_runtime(plan *p) {
  vf_interval scratch = scratch_bytes(p);
  for (uint32_t d = 0; d < p->n_gpus; d++) {
    const vf_device *device = &p->e->devices[d].device;
    vf_interval size = device->context;
    if (device->backend == VF_BACKEND_CUDA || device->backend == VF_BACKEND_ROCM)
      size = sum_intervals(size, sum_intervals(scratch, workspace_bytes(device)));
    vf_estimate_add(p->e, (vf_line){d, VF_PART_RUNTIME, "runtime", size, VF_BASIS_ASSUMED,
                                    "context, libraries, kernel scratch"});
  }
}

static void add_prompt_cache(plan *p) {
  uint64_t one_sequence = 0, limit = default_prompt_cache_bytes;
  if (p->request->prompt_cache_bytes >= 0) limit = (uint64_t)p->request->prompt_cache_bytes;
  if (limit == 0 || vf_ggml_holds(p->graph.rules, VF_RULE_NO_PROMPT_CACHE)) return;
  for (uint32_t d = 0; d < p->e->n_devices; d++)
    one_sequence += p->e->devices[d].part_bytes[VF_PART_KV_CACHE] / p->graph.streams;
  uint64_t most = vf_max_u64(limit, one_sequence);
  vf_estimate_add(p->e, (vf_line){p->host,
                                  VF_PART_RUNTIME,
                                  "prompt_cache",
                                  {0, 0, most},
                                  VF_BASIS_ASSUMED,
                                  "llama-server keeps past prompts (--cache-ram 0: off)",
                                  .growth = true});
}

/* ---- Towers, adapters, draft models ----------------------------------------------------- */

/* The tower lies on the first device (tools/mtmd/clip.cpp); its graph depends on the image. */
static void add_mmproj(plan *p) {
  static const uint64_t most_compute = 1024 * VF_MIB;
  uint64_t bytes = p->request->mmproj_bytes;
  if (bytes == 0) return;
  vf_estimate_add(p->e, (vf_line){0, VF_PART_WEIGHTS, "mmproj", vf_exactly(bytes), VF_BASIS_EXACT,
                                  "tower for images or sound"});
  vf_estimate_add(p->e, (vf_line){0,
                                  VF_PART_COMPUTE,
                                  "mmproj_compute",
                                  {0, most_compute / 4, most_compute},
                                  VF_BASIS_ASSUMED,
                                  "grows with the image"});
}

/* An adapter's tensors lie where the matrices are that they change: layer by layer. */
static void add_lora(plan *p) {
  uint64_t slots[VF_MAX_DEVICES + 1], left = p->request->lora_bytes;
  uint32_t n = p->model->n_layers;
  if (left == 0) return;
  memset(slots, 0, p->e->n_devices * sizeof *slots);
  for (uint32_t i = 0; i < n; i++) slots[vf_llamacpp_slot_budget(p, i)]++;
  for (uint32_t d = 0; d < p->e->n_devices; d++) {
    uint64_t bytes = vf_min_u64(left, p->request->lora_bytes / n * slots[d] + n);
    if (slots[d] == 0) continue;
    vf_estimate_add(p->e, (vf_line){d, VF_PART_WEIGHTS, "lora", vf_exactly(bytes),
                                    VF_BASIS_MODELLED, "adapters"});
    left -= bytes;
  }
}

/* ---- Assumptions ------------------------------------------------------------------------ */

static bool is_cuda_cache_format(vf_format f) {
  return f != VF_FORMAT_IQ4_NL;
}

static void add_assumptions(plan *p) {
  vf_estimate *e = p->e;
  const vf_device *d = &e->devices[0].device;
  vf_estimate_assume(e, p->program->assumption.code, p->program->assumption.text);
  if (p->request->ctx_tokens == 0)
    vf_estimate_assume(e, "ctx-default", "no --ctx given: the model's whole context");
  if (p->model->max_ctx_tokens != 0 && p->w->requested_ctx_tokens > p->model->max_ctx_tokens)
    vf_estimate_assume(e, "ctx-beyond-model", "the context is beyond the model's own limit");
  if (d->kind == VF_DEVICE_UNIFIED)
    vf_estimate_assume(e, "shared-pool",
                       "the pool is shared with the operating system: what is free in it moves");
  if (d->kind == VF_DEVICE_DISCRETE && d->used_bytes == 0 && !d->used_is_live)
    vf_estimate_assume(e, "gpu-idle", "nothing else uses the GPU (--used says otherwise)");
  if ((p->model->flags & VF_MODEL_HAS_TOWER) && p->request->mmproj_bytes == 0)
    vf_estimate_assume(e, "no-mmproj", "text alone: images or sound need a tower (--mmproj FILE)");
  if (!p->cpu_only && (!is_cuda_cache_format(p->w->kv_k) || !is_cuda_cache_format(p->w->kv_v)))
    vf_estimate_assume(e, "kv-format-cpu",
                       "GPU flash attention has no iq4_nl: attention falls back to the CPU");
  if (p->n_gpus > 1 && e->devices[p->n_gpus - 1].device.host != d->host)
    vf_estimate_assume(
        e, "several-hosts",
        "other hosts are reached through rpc-server, which takes more than is counted");
  if (d->backend != VF_BACKEND_CUDA && d->backend != VF_BACKEND_CPU)
    vf_estimate_assume(e, "backend-cuda-rules",
                       "compute buffers follow the CUDA backend's rules, which were checked");
}

void vf_llamacpp_add_beside(plan *p) {
  add_mmproj(p);
  add_lora(p);
  add_runtime(p);
  add_prompt_cache(p);
  add_assumptions(p);
}
