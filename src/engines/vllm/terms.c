/* terms.c - vLLM as a list of terms, and their words. */
#include <inttypes.h>

#include "base/units.h"
#include "engines/vllm/vllm.h"

static void say_tensors(const vf_ranks *r, const vf_line *line, vf_text *out) {
  uint32_t experts = r->w->ep;
  (void)line;
  vf_text_printf(out, "sum of this rank's tensors, of %zu in %s", r->model->n_tensors,
                 r->model->quant);
  if (r->tp > 1)
    vf_text_printf(out,
                   ": columns and rows by tp %" PRIu32
                   ", at least one head for keys and values, norms and routers whole",
                   r->tp);
  if (experts > 1) vf_text_printf(out, ", experts whole over %" PRIu32 " ranks", experts);
  if (r->pp > 1) vf_text_printf(out, ", one of %" PRIu32 " stages", r->pp);
  vf_text_put(out, "; the vocabulary padded to 64 rows");
}

static void say_cache(const vf_ranks *r, const vf_line *line, vf_text *out) {
  const vf_vllm_pool *pool = &vf_vllm_plan_of(r)->pool;
  const vf_workload *w = r->w;
  uint64_t tokens = vf_ranks_lengths(r).bytes, states;
  uint64_t all = vf_vllm_request_blocks(vf_vllm_plan_of(r), tokens, &states);
  uint64_t blocks = line->part == VF_PART_STATE ? states : all - states;
  vf_text_printf(out, "%" PRIu32 " %s of ", w->seqs, w->seqs == 1 ? "request" : "requests");
  vf_text_thousands(out, tokens);
  vf_text_put(out, " tokens × ");
  vf_text_thousands(out, blocks);
  vf_text_printf(out, " blocks × %" PRIu64 " B", pool->need_bytes);
  if (pool->n_groups > 1)
    vf_text_printf(out,
                   " (%" PRIu32 " groups of up to %" PRIu32
                   " layers share the pool; a page is %" PRIu64 " B)",
                   pool->n_groups, pool->group_layers, pool->page_bytes);
  else
    vf_text_printf(out, " (%" PRIu32 " tokens of every layer here)", w->block_size);
  if (r->dp > 1) vf_text_printf(out, ", a %" PRIu32 "th of them per replica", r->dp);
}

static void say_activation(const vf_ranks *r, const vf_line *line, vf_text *out) {
  uint32_t c = vf_vllm_sampler_x10(vf_vllm_plan_of(r), 1);
  (void)line;
  vf_text_printf(out, "the larger of the sampler, %" PRIu32 " rows × ", r->w->max_num_seqs);
  vf_text_thousands(out, r->model->n_vocab);
  vf_text_printf(out,
                 " logits × %" PRIu32 ".%" PRIu32 " B, and the widest layer, %" PRIu32
                 " tokens × (4 × %" PRIu64 " + 3 × feed-forward / tp) × %" PRIu32 " B",
                 c / 10, c % 10, r->batch_tokens, r->model->n_embd, r->number_bytes);
  if (r->moe) vf_text_put(out, ", with the experts' workspaces");
  if (vf_vllm_sparse(r->model))
    vf_text_put(out, ", the index's scores, and keys of forty contexts for it in their place");
  if (vf_vllm_compresses(r->model))
    vf_text_printf(
        out, ", and queries and results of 64 or 128 heads, streams, and keys of four prompts "
             "in 16 bits");
}

static void say_graphs(const vf_ranks *r, const vf_line *line, vf_text *out) {
  const vf_vllm_plan *p = vf_vllm_plan_of(r);
  vf_text_printf(out, "%" PRIu32 " batch sizes × 6 to 36 MiB, and 200 for the first, %s",
                 vf_vllm_capture_sizes(p),
                 p->new_runner   ? "which some logs charge to the cache"
                 : line->outside ? "captured out of what the utilization leaves"
                                 : "estimated and taken from the cache");
}

const vf_term vf_vllm_terms[] = {
    {"weights", VF_PART_WEIGHTS, vf_vllm_weights, .words = say_tensors,
     .source = "model_executor/layers/linear.py:1017, vocab_parallel_embedding.py:87"},
    {"weights_offloaded", VF_PART_WEIGHTS, vf_ranks_offloaded, "pinned, read over the bus",
     .source = "--cpu-offload-gb", .on_host = true},
    {"draft_weights", VF_PART_WEIGHTS, vf_vllm_draft, "the model that proposes tokens",
     .source = "v1/spec_decode/llm_base_proposer.py:1412"},
    {"prediction_layer", VF_PART_WEIGHTS, vf_vllm_prediction_layer, "as large as the last layer",
     .source = "v1/spec_decode/llm_base_proposer.py:1412"},
    {"tower", VF_PART_WEIGHTS, vf_ranks_tower, "for images or sound, not described",
     .source = "the config tells of one, not of its tensors"},
    {"allocator_slack", VF_PART_WEIGHTS, vf_vllm_slack,
     "tensors of 10 MiB and more end at 2 MiB; up to 1 MiB of that is kept",
     .source = "pytorch c10/cuda/CUDACachingAllocator.cpp, should_split", .within = "weights"},
    {"rope_tables", VF_PART_WEIGHTS, vf_vllm_rope_tables,
     "cosines and sines: positions × rotated dimensions, once per size of head",
     .source = "rotary_embedding/base.py:59", .within = "weights"},
    {"attention_scalars", VF_PART_WEIGHTS, vf_vllm_attention_scalars,
     "seven numbers of 512 B for each layer with attention", .source = "attention/layer.py",
     .within = "weights"},
    {"tower_levels", VF_PART_WEIGHTS, vf_vllm_tower_levels,
     "levels of the tower × tokens of a batch × hidden size × 2 B",
     .source = "model_executor/models/qwen3_vl.py: deepstack_input_embeds", .within = "weights"},
    {"latent_copies", VF_PART_WEIGHTS, vf_vllm_latent_copies,
     "layers × heads / tp × (keys without rotation + values) × rank of the latent",
     .source = "mla_attention.py:1024", .within = "weights"},
    {"sparse_workspace", VF_PART_WEIGHTS, vf_vllm_sparse_workspace,
     "five contexts of keys, and a batch's queries, × (rank of the latent + rotation) × 2 B",
     .source = "v1/attention/backends/mla/flashmla_sparse.py: get_prefill_workspace_size",
     .within = "weights"},
    {"sparse_indices", VF_PART_WEIGHTS, vf_vllm_sparse_indices,
     "tokens of a batch × keys that the index chooses × 4 B",
     .source = "model_executor/models/deepseek_v2.py: topk_indices_buffer", .within = "weights"},
    {"lora_slots", VF_PART_WEIGHTS, vf_vllm_lora_slots,
     "slots × rank × (inputs + outputs) of every matrix × 2 B",
     .source = "lora/layers/base_linear.py:129"},
    {"activation", VF_PART_COMPUTE, vf_vllm_activation, .words = say_activation,
     .source = "fit, docs/accuracy.md; v1/worker/gpu_model_runner.py:6558"},
    {"cuda_graphs", VF_PART_COMPUTE, vf_vllm_graph_bytes, .words = say_graphs,
     .source = "fit; config/vllm.py:1861, gpu_model_runner.py:6780"},
    {"non_torch", VF_PART_RUNTIME, vf_vllm_non_torch,
     "memory outside of torch that grows while profiling, as measured",
     .source = "llm-d-planner#205; gpu_worker.py:378"},
    {"cuda_context", VF_PART_RUNTIME, vf_ranks_context,
     "CUDA context and NCCL, there before the first measurement",
     .source = "llm-d-planner#205; gpu_worker.py:378"},
    {"kv_cache", VF_PART_KV_CACHE, vf_vllm_kv_cache, .words = say_cache,
     .source = "v1/kv_cache_interface.py, v1/core/kv_cache_utils.py:1002"},
    {"recurrent_state", VF_PART_STATE, vf_vllm_states, .words = say_cache,
     .source = "v1/kv_cache_interface.py, v1/core/kv_cache_utils.py:1002"},
    {"pool_rest", VF_PART_KV_CACHE, vf_vllm_pool_rest,
     "the pool that was given, less what the requests fill of it",
     .source = "gpu_worker.py:475, kv_cache_utils.py: may_override_num_blocks"},
    {.id = NULL},
};
