/* explain.c - vLLM's formulas in words, with the numbers of one estimate. */
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "core/format.h"
#include "engines/vllm/vllm.h"

static void put_bytes(vf_text *out, uint64_t bytes) {
  vf_text_thousands(out, bytes);
  vf_text_put(out, " B = ");
  vf_text_size(out, bytes, VF_UNIT_GIB, 2);
  vf_text_put(out, " GiB");
}

static void put_mib_range(vf_text *out, vf_interval size) {
  vf_text_printf(out, "%" PRIu64 " to %" PRIu64 " MiB", size.low_bytes / VF_MIB,
                 size.high_bytes / VF_MIB);
}

/* ---- Weights ---------------------------------------------------------------------------- */

static void explain_tensors(const vf_estimate *e, vf_text *out) {
  const vf_workload *w = &e->workload;
  vf_text_printf(out, "sum of this rank's tensors, of %zu in %s", e->model->n_tensors,
                 e->model->quant);
  if (w->tp > 1)
    vf_text_printf(out,
                   ": columns and rows by tp %" PRIu32
                   ", at least one head for keys and values, norms and routers whole",
                   w->tp);
  if (w->ep > 1) vf_text_printf(out, ", experts whole over %" PRIu32 " ranks", w->ep);
  if (w->pp > 1) vf_text_printf(out, ", one of %" PRIu32 " stages", w->pp);
  vf_text_put(out, "; the vocabulary padded to 64 rows");
}

/* Weights that are told in their note. */
static const char *source_of_beside(const vf_line *line) {
  if (strcmp(line->name, "weights_offloaded") == 0) return "--cpu-offload-gb";
  if (strcmp(line->name, "tower") == 0) return "the config tells of one, not of its tensors";
  return "v1/spec_decode/llm_base_proposer.py:1412";
}

static void explain_weights(const vf_estimate *e, const vf_line *line, vf_text *out) {
  const char *source = "model_executor/layers/linear.py:1017, vocab_parallel_embedding.py:87";
  if (strcmp(line->name, "weights") == 0) {
    explain_tensors(e, out);
  } else if (strcmp(line->name, "rope_tables") == 0) {
    vf_text_put(out, "cosines and sines: positions × rotated dimensions, once per size of head");
    source = "rotary_embedding/base.py:59";
  } else if (strcmp(line->name, "latent_copies") == 0) {
    vf_text_put(out, "layers × heads / tp × (keys without rotation + values) × rank of the latent");
    source = "mla_attention.py:1024";
  } else if (strcmp(line->name, "allocator_slack") == 0) {
    vf_text_put(out, "tensors of 10 MiB and more end at 2 MiB; up to 1 MiB of that is kept");
    source = "pytorch c10/cuda/CUDACachingAllocator.cpp, should_split";
  } else if (strcmp(line->name, "lora_slots") == 0) {
    vf_text_put(out, "slots × rank × (inputs + outputs) of every matrix × 2 B");
    source = "lora/layers/base_linear.py:129";
  } else {
    vf_text_put(out, line->note);
    source = source_of_beside(line);
  }
  vf_text_put(out, " = ");
  put_bytes(out, line->size.bytes);
  vf_text_printf(out, "  [%s]", source);
}

/* ---- The pool --------------------------------------------------------------------------- */

static void explain_cache(const vf_estimate *e, const vf_line *line, vf_text *out) {
  const vf_workload *w = &e->workload;
  const uint64_t *n = e->notes;
  uint64_t blocks = line->part == VF_PART_STATE
                        ? n[VF_VLLM_STATE_BLOCKS]
                        : n[VF_VLLM_REQUEST_BLOCKS] - n[VF_VLLM_STATE_BLOCKS];
  vf_text_printf(out, "%" PRIu32 " %s of ", w->seqs, w->seqs == 1 ? "request" : "requests");
  vf_text_thousands(out, w->requested_ctx_tokens);
  vf_text_put(out, " tokens × ");
  vf_text_thousands(out, blocks);
  vf_text_printf(out, " blocks × %" PRIu64 " B", n[VF_VLLM_BLOCK_BYTES]);
  if (n[VF_VLLM_GROUPS] > 1)
    vf_text_printf(out,
                   " (%" PRIu64 " groups of up to %" PRIu64
                   " layers share the pool; a page is %" PRIu64 " B)",
                   n[VF_VLLM_GROUPS], n[VF_VLLM_GROUP_LAYERS], n[VF_VLLM_PAGE_BYTES]);
  else
    vf_text_printf(out, " (%" PRIu32 " tokens of every layer here)", w->block_size);
  if (w->dp > 1) vf_text_printf(out, ", a %" PRIu32 "th of them per replica", w->dp);
  vf_text_put(out, " = ");
  put_bytes(out, line->size.bytes);
  vf_text_put(out, "  [v1/kv_cache_interface.py, v1/core/kv_cache_utils.py:1002]");
}

/* ---- The peak --------------------------------------------------------------------------- */

static void explain_activation(const vf_estimate *e, const vf_line *line, vf_text *out) {
  const vf_workload *w = &e->workload;
  uint64_t c = e->notes[VF_VLLM_SAMPLER_X10];
  vf_text_printf(out, "the larger of the sampler, %" PRIu32 " rows × ", w->max_num_seqs);
  vf_text_thousands(out, e->model->n_vocab);
  vf_text_printf(out,
                 " logits × %" PRIu64 ".%" PRIu64 " B, and the widest layer, %" PRIu32
                 " tokens × (4 × %" PRIu64 " + 3 × feed-forward / tp) × 2 B",
                 c / 10, c % 10, w->max_num_batched_tokens, e->model->n_embd);
  if (w->ep > 1 || e->notes[VF_VLLM_HAS_EXPERTS])
    vf_text_put(out, ", with the experts' workspaces");
  vf_text_put(out, " = ");
  put_bytes(out, line->size.bytes);
  vf_text_put(out, "  [fit, docs/accuracy.md; v1/worker/gpu_model_runner.py:6558]");
}

static void explain_graphs(const vf_estimate *e, const vf_line *line, vf_text *out) {
  vf_text_printf(
      out, "%" PRIu64 " batch sizes × layers × 0.2 to 1.2 MiB: ", e->notes[VF_VLLM_CAPTURE_SIZES]);
  put_mib_range(out, line->size);
  vf_text_put(out, line->outside ? ", captured out of what the utilization leaves"
                                 : ", estimated and taken from the cache");
  vf_text_put(out, "  [fit; config/vllm.py:1861, gpu_model_runner.py:6780]");
}

static void explain_runtime(const vf_line *line, vf_text *out) {
  if (line->outside)
    vf_text_put(out, "CUDA context and NCCL, there before the first measurement: ");
  else
    vf_text_put(out, "memory outside of torch that grows while profiling, as measured: ");
  put_mib_range(out, line->size);
  vf_text_put(out, "  [llm-d-planner#205; gpu_worker.py:378]");
}

void vf_vllm_explain(const vf_estimate *e, const vf_line *line, vf_text *out) {
  switch (line->part) {
  case VF_PART_WEIGHTS: explain_weights(e, line, out); break;
  case VF_PART_KV_CACHE:
  case VF_PART_STATE: explain_cache(e, line, out); break;
  case VF_PART_COMPUTE:
    if (strcmp(line->name, "activation") == 0)
      explain_activation(e, line, out);
    else
      explain_graphs(e, line, out);
    break;
  case VF_PART_RUNTIME: explain_runtime(line, out); break;
  case VF_PART_OUTPUT:
  case VF_PART_COUNT: break;
  }
}
