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

/* Whether Marlin's kernels multiply with the experts. */
static bool runs_marlin(const vf_model *m) {
  if (strcmp(m->checkpoint, "gptq") == 0) return true;
  for (size_t i = 0; i < m->n_tensors; i++)
    if (m->tensors[i].format == VF_FORMAT_INT4 && vf_role_is_expert(m->tensors[i].role))
      return true;
  return false;
}

static bool is_expert_format_fused(const vf_model *m) {
  return strncmp(m->checkpoint, "mxfp4", 5) == 0; /* its kernels bring no workspace of their own */
}

/* Hidden states in four copies (two at least), and what gate and up make of them; a fiftieth more
 * is what was measured where this decides (Granite 8B, the first of four stages). */
static uint64_t layer_bytes(const vf_vllm_plan *p, const vf_layer *l, int end) {
  uint64_t wide = (end == 0 ? 2 : 4) * p->r.model->n_embd;
  if (l->n_experts == 0) wide += 3 * (uint64_t)l->n_ff / p->r.tp;
  if (l->mixers & VF_MIX_RECURRENT)
    wide = vf_max_u64(wide,
                      (end == 0 ? 2 : 4) * p->r.model->n_embd + 4 * (uint64_t)l->inner / p->r.tp);
  uint64_t bytes = wide * p->r.batch_tokens * p->r.number_bytes;
  return bytes + bytes / 50;
}

/* Two workspaces for the chosen experts' inputs and results (experts/triton_moe.py:202-217); one of
 * Marlin's is as narrow as an expert (fused_marlin_moe). */
static uint64_t workspace_bytes(const vf_vllm_plan *p, const vf_layer *l, bool marlin) {
  if (l->n_experts == 0 || is_expert_format_fused(p->r.model)) return 0;
  uint64_t h = l->expert_embd != 0 ? l->expert_embd : p->r.model->n_embd;
  uint64_t inner = l->n_ff_expert / p->r.shard.expert_tp;
  uint64_t width = (marlin ? inner : vf_max_u64(inner, h)) + vf_max_u64(2 * inner, h), bytes = 0;
  if (!vf_mul3(&bytes, width * l->n_experts_used, p->r.batch_tokens, p->r.number_bytes))
    p->r.e->overflow = true;
  return bytes;
}

/* Bytes per logit in tenths: low, expected, high.  Model runner V2 has logits in 16 bits and one
 * copy in 32 (by reading, not measured). */
uint32_t vf_vllm_sampler_x10(const vf_vllm_plan *p, int end) {
  static const uint32_t lean[3] = {50, 70, 100};
  uint32_t c = p->new_runner ? lean[end] : p->rules.sampler_x10.at[end];
  return p->r.number_bytes > 2 ? c + 26 : c; /* measured on float32: 18.1 in place of 15.5 */
}

/* Logits in the model's type and in 32 bits, their softmax, noise and sorted copies. */
static uint64_t sampler_bytes(const vf_vllm_plan *p, uint32_t per_logit_x10) {
  uint64_t rows = p->max_seqs < p->r.batch_tokens ? p->max_seqs : p->r.batch_tokens;
  if (!p->r.shard.last || (p->r.model->flags & VF_MODEL_ENCODER) != 0) return 0;
  return rows * p->r.model->n_vocab * per_logit_x10 / 10;
}

/* bitsandbytes unpacks a matrix before it multiplies. */
static uint64_t unpacked_bytes(const vf_vllm_plan *p) {
  uint64_t most = 0;
  if (strcmp(p->r.model->checkpoint, "bitsandbytes") != 0) return 0;
  for (uint32_t i = p->r.shard.first_layer; i < p->r.shard.end_layer; i++)
    most = vf_max_u64(most, (uint64_t)p->r.model->layers[i].n_ff / p->r.tp);
  return most * p->r.model->n_embd * 2;
}

/* Latent attention unpacks keys and values of earlier context by the workspace: as many rows as
 * eight contexts, 64 Ki at most, for all heads (mla_attention.py:1995-2020). */
static uint64_t context_bytes(const vf_vllm_plan *p) {
  enum { MOST_ROWS = 65536 };
  bool sparse = vf_ranks_has_cache(p->r.model, VF_CACHE_INDEXER); /* reads the cache as it is */
  uint64_t most = 0, rows = vf_min_u64(8 * p->r.w->requested_ctx_tokens, MOST_ROWS);
  for (uint32_t i = p->r.shard.first_layer; i < p->r.shard.end_layer; i++) {
    const vf_layer *l = &p->r.model->layers[i];
    if (l->kv_lora == 0 || !p->rules.unpacks_context || sparse) continue;
    most = vf_max_u64(most, l->n_heads / p->r.tp * (uint64_t)(l->k_dim - l->rope_dim + l->v_dim));
  }
  return most * rows * p->r.number_bytes;
}

/* The keys that an index reads for prompts, of forty contexts, lie in the common workspace
 * (mla/indexer.py: get_max_prefill_buffer_size; sparse_attn_indexer.py). */
static uint64_t index_bytes(const vf_vllm_plan *p) {
  enum { CONTEXTS = 40, INDEXER_BYTES = 132 };
  if (!p->rules.sparse_workspace || !vf_vllm_sparse(p->r.model)) return 0;
  return CONTEXTS * p->r.w->requested_ctx_tokens * INDEXER_BYTES;
}

/* The tower's profile run (gpu_model_runner.py, profile_run): as many of the largest items as the
 * batch has room for, one at least, at once. */
static bool runs_tower(const vf_vllm_plan *p) {
  const vf_request *r = p->r.request;
  bool none = r->text_only || r->skip_mm_profiling || (r->mm_images == 0 && r->mm_videos == 0);
  return (p->r.model->flags & VF_MODEL_HAS_TOWER) != 0 && !none && p->r.shard.first;
}

/* Patches of an image, as many as its pixels allow. */
static uint64_t image_patches(const vf_vllm_plan *p) {
  const vf_tower_item *item = &p->r.model->item;
  uint64_t pixels = p->r.request->mm_max_pixels;
  if (pixels == 0 || item->patch_pixels == 0) return item->patches;
  return vf_min_u64(vf_max_u64(pixels / item->patch_pixels, 1), item->patches);
}

/* A video is as long as the context, if its frames are as large as the largest image. */
static uint64_t item_patches(const vf_vllm_plan *p) {
  const vf_tower_item *item = &p->r.model->item;
  uint64_t image = image_patches(p);
  if (item->video_patches <= image || item->tokens == 0 || p->r.request->mm_videos == 0)
    return image;
  uint64_t images = p->r.w->requested_ctx_tokens / item->tokens;
  return vf_max_u64(vf_min_u64(images * image, item->video_patches), image);
}

static uint64_t items_at_once(const vf_vllm_plan *p) {
  const vf_tower_item *item = &p->r.model->item;
  return item->tokens == 0 ? 1 : vf_max_u64(p->r.batch_tokens / item->tokens, 1);
}

/* Copies of what a layer hands on and two to three of what it widens to, in 16 bits, and the
 * pixels. */
static uint64_t tower_bytes(const vf_vllm_plan *p, int end) {
  static const uint32_t inner_x2[3] = {4, 4, 6};
  const vf_tower_item *item = &p->r.model->item;
  uint64_t each = p->rules.tower_widths.at[end] * (uint64_t)item->width +
                  (uint64_t)inner_x2[end] * item->ff / 2 / p->r.tp + item->pixel_values;
  if (!runs_tower(p)) return 0;
  return items_at_once(p) * item_patches(p) * each * p->r.number_bytes;
}

/* Images and sounds come as embeddings: the batch's, and half as much again from the encoder (logs
 * of LLaVA and Gemma 3 lie on either side). */
static uint64_t embeddings_bytes(const vf_vllm_plan *p) {
  const vf_tower_item *item = &p->r.model->item;
  uint64_t tokens = vf_max_u64(p->r.batch_tokens, items_at_once(p) * item->tokens);
  if (!runs_tower(p)) return 0;
  return p->r.model->n_embd * (p->r.batch_tokens + tokens / 2) * p->r.number_bytes;
}

/* Where keys stand for several tokens: queries and results of 64 or 128 heads, whatever the ranks;
 * the streams of the hidden state, which each half of a layer mixes; and, for four prompts at once,
 * keys of the whole context and of the batch in 16 bits (models/deepseek_v4/nvidia/flashmla.py).
 * Two starts on B200 with experts in one kernel (vllm#51454) had next to nothing of it, one on
 * GH200 (vllm#44376) most: the ends are theirs. */
static uint64_t compressed_bytes(const vf_vllm_plan *p, int end) {
  enum { PROMPTS = 4, LEAST_HEADS = 64, MOST_HEADS = 128 };
  static const uint32_t queries[3] = {1, 2, 4}, streams[3] = {1, 3, 8};
  const vf_layer *l = &p->r.model->layers[p->r.shard.first_layer];
  uint64_t compress = UINT32_MAX, tokens = p->r.batch_tokens;
  if (!vf_vllm_compresses(p->r.model)) return 0;
  for (uint32_t i = p->r.shard.first_layer; i < p->r.shard.end_layer; i++)
    if (p->r.model->layers[i].compress != 0)
      compress = vf_min_u64(compress, p->r.model->layers[i].compress);
  uint64_t heads = l->n_heads / p->r.tp <= LEAST_HEADS ? LEAST_HEADS : MOST_HEADS;
  uint64_t each = queries[end] * heads * l->k_dim + streams[end] * l->streams * p->r.model->n_embd;
  uint64_t keys = end == 0 ? 0 : p->r.w->requested_ctx_tokens / compress + l->window + tokens;
  return (tokens * each + PROMPTS * keys * l->k_dim) * p->r.number_bytes;
}

/* What the common workspace grows by behind the load (worker/workspace.py); at most, the experts'
 * kernels bring their own. */
static uint64_t common_bytes(const vf_vllm_plan *p, uint64_t experts, int end) {
  uint64_t all = vf_max_u64(experts, index_bytes(p)), there = vf_vllm_sparse_workspace_bytes(p);
  uint64_t more = all - vf_min_u64(all, there);
  return end == 2 ? vf_max_u64(more, experts) : more;
}

/* The peak at one end of the interval. */
static uint64_t peak_bytes(const vf_vllm_plan *p, int end) {
  uint64_t forward = 0, workspace = 0, beside = embeddings_bytes(p);
  bool marlin = runs_marlin(p->r.model);
  for (uint32_t i = p->r.shard.first_layer; i < p->r.shard.end_layer; i++) {
    const vf_layer *l = &p->r.model->layers[i];
    uint64_t experts = workspace_bytes(p, l, marlin), own = p->rules.workspaces_stay ? 0 : experts;
    forward = vf_max_u64(forward, layer_bytes(p, l, end) + own);
    workspace = vf_max_u64(workspace, experts);
  }
  forward += unpacked_bytes(p) + context_bytes(p) + compressed_bytes(p, end);
  if (!p->r.shard.last) beside += 2 * p->r.model->n_embd * p->r.batch_tokens * p->r.number_bytes;
  if (vf_vllm_sparse(p->r.model)) forward += p->rules.sparse_logits_mib * VF_MIB;
  workspace = common_bytes(p, workspace, end);
  /* a log of Qwen3-VL 30B with 1,024 rows of logits has no more than those at its peak */
  if (p->rules.workspaces_stay && end != 0) beside += workspace;
  uint64_t text = beside + vf_max_u64(forward, sampler_bytes(p, vf_vllm_sampler_x10(p, end)));
  return vf_max_u64(text, tower_bytes(p, end) + embeddings_bytes(p) / 2);
}

vf_amount vf_vllm_activation(const vf_ranks *r, uint32_t device) {
  const vf_vllm_plan *p = vf_vllm_plan_of(r);
  bool rocm = r->e->devices[device].device.backend == VF_BACKEND_ROCM;
  uint64_t low = peak_bytes(p, 0), high = peak_bytes(p, 2);
  vf_interval size = {low - low / 16, peak_bytes(p, 1), high + high / 12};
  if (rocm) { /* what its kernels take beyond */
    size.bytes += p->rules.rocm_peak_mib.at[1] * VF_MIB;
    size.high_bytes += p->rules.rocm_peak_mib.at[2] * VF_MIB;
  }
  return vf_amount_within(size, VF_BASIS_MODELLED, "peak of the profile run");
}

/* Sizes 1, 2, 4, then by 8 up to 256, then by 16 (config/vllm.py:1861-2031; 51 were logged by
 * v0.19); before v0.17 by 8 throughout (67 were logged by v0.10 and v0.11), before v0.10 up to the
 * number of sequences. */
uint32_t vf_vllm_capture_sizes(const vf_vllm_plan *p) {
  bool by_8 = p->rules.capture != VF_VLLM_CAPTURE_BY_8_AND_16;
  uint32_t times = p->rules.capture == VF_VLLM_CAPTURE_BY_8_TO_SEQS ? 1 : 2;
  uint32_t cap = p->r.e->devices[0].device.compute_capability / 10 == 10 ? 1024 : 512;
  uint64_t most = (uint64_t)p->max_seqs * (1 + p->spec_tokens) * times;
  if (p->r.request->graph_batch != 0) most = cap = p->r.request->graph_batch;
  most = vf_min_u64(vf_min_u64(most, cap), p->r.batch_tokens);
  uint32_t n = 0;
  if (p->eager) return 0;
  for (uint32_t size = 1; size <= most; n++) {
    uint32_t step = by_8 || size < 256 ? 8 : 16;
    size += size < 4 ? size : size < 8 ? 4 : step;
  }
  return n;
}

/* Private pools and arguments of kernels: what was logged goes with the number of sizes, hardly
 * with that of layers (16 to 80): 6 to 36 MiB each, and a pool for the first (fit: 24 logs of 0.7
 * to 0.23, 61 runs of llm-d-planner#205). */
static const vf_vllm_spread graph_mib = {{6, 18, 36}};
enum { FIRST_GRAPH_MIB = 200 };

vf_amount vf_vllm_graph_bytes(const vf_ranks *r, uint32_t device) {
  const vf_vllm_plan *p = vf_vllm_plan_of(r);
  bool beside = p->rules.graphs == VF_VLLM_GRAPHS_BESIDE;
  uint64_t n = vf_vllm_capture_sizes(p);
  uint64_t most = n == 0 ? 0 : n * graph_mib.at[2] + FIRST_GRAPH_MIB;
  vf_interval size = {n * graph_mib.at[0] * VF_MIB, n * graph_mib.at[1] * VF_MIB, most * VF_MIB};
  (void)device;
  if (p->new_runner) { /* logs disagree on who pays; and a start that compiles has more at its peak
                        */
    most = n == 0 ? 0 : vf_max_u64(most, p->rules.compiling_mib);
    return vf_amount_within((vf_interval){0, 0, most * VF_MIB}, VF_BASIS_MODELLED,
                            "charged, or beside the budget");
  }
  return (vf_amount){size, VF_BASIS_MODELLED,
                     beside ? "beside the budget" : "estimated before the cache", beside};
}

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
vf_amount vf_vllm_non_torch(const vf_ranks *r, uint32_t device) {
  const vf_vllm_plan *p = vf_vllm_plan_of(r);
  const vf_device *d = &r->e->devices[device].device;
  bool linked = vf_ranks_linked(d);
  uint64_t less =
      p->eager ? (p->r.tp > 1 ? p->rules.eager_links_less_mib : p->rules.eager_less_mib) : 0;
  vf_interval size;
  if (d->kind == VF_DEVICE_UNIFIED)
    size = mib_interval(p->rules.unified_mib.at, 0);
  else if (p->r.tp > 1 && linked && d->compute_capability < 90 && d->backend == VF_BACKEND_CUDA)
    size = mib_interval(p->rules.ampere_mib.at, 0);
  else if (p->r.tp > 1 && linked)
    size = mib_interval(p->rules.linked_mib.at,
                        (log2_of(p->r.tp) - 1) * p->rules.doubling_mib * VF_MIB);
  else if (p->r.tp > 1)
    size = mib_interval(p->rules.bus_mib.at, 0);
  else
    size = mib_interval(p->r.pp > 1 ? p->rules.staged_mib.at : p->rules.alone_mib.at, 0);
  size.low_bytes -= vf_min_u64(size.low_bytes, less * VF_MIB);
  if (p->r.dp > 1 && p->r.moe) { /* all-to-all buffers: reported from 1 to 4 GiB */
    size.bytes += VF_GIB;
    size.high_bytes += 4 * VF_GIB;
  }
  return vf_amount_within(size, VF_BASIS_MODELLED, "NCCL, libraries");
}
