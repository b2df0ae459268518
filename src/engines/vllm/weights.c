/* weights.c - what a rank holds beside activations and cache: its part of the tensors, tables
 * of rotations, copies for latent attention, slots for adapters.
 *
 * Sources: model_executor/layers/linear.py, vocab_parallel_embedding.py:32,
 * rotary_embedding/base.py:59-103, mla_attention.py:1024-1130, lora/layers/base_linear.py:129-149,
 * fused_moe/config.py:1117-1125, fused_moe/oracle/mxfp4.py:632-683. */
#include <string.h>

#include "base/checked.h"
#include "base/units.h"
#include "core/format.h"
#include "engines/torch.h"
#include "engines/vllm/vllm.h"

enum { VOCABULARY_MULTIPLE = 64, MXFP4_WIDTH = 256, MXFP4_INNER = 128, LORA_NUMBER_BYTES = 2 };

void vf_vllm_shard(vf_vllm_plan *p, uint32_t stage) {
  bool whole_experts = vf_vllm_whole_experts(p);
  uint32_t ranks = p->r.moe ? p->r.tp * p->r.dp : p->r.tp;
  bool mxfp4 = strncmp(p->r.model->checkpoint, "mxfp4", 5) == 0;
  bool rocm = p->r.e->devices[0].device.backend == VF_BACKEND_ROCM;
  bool marlin = p->r.e->devices[0].device.compute_capability >= p->rules.marlin_capability;
  p->r.shard = (vf_shard){.tp = p->r.tp,
                          .expert_tp = whole_experts ? 1 : ranks,
                          .expert_ranks = whole_experts ? ranks : 1,
                          .vocab_multiple = VOCABULARY_MULTIPLE,
                          .number_bytes = p->r.number_bytes,
                          .pad_width = mxfp4 ? MXFP4_WIDTH : 0,
                          .pad_inner = mxfp4 ? rocm ? MXFP4_WIDTH : MXFP4_INNER : 0,
                          .mtp = p->spec_tokens > 0,
                          .no_towers = p->r.request->text_only,
                          .no_zeros = marlin && strcmp(p->r.model->checkpoint, "gptq") == 0};
  vf_shard_stage(&p->r.shard, p->r.model, VF_STAGE_BEFORE_LAST, p->r.pp, stage);
}

static bool is_here(const vf_vllm_plan *p, uint32_t layer) {
  return layer >= p->r.shard.first_layer && layer < p->r.shard.end_layer;
}

static uint32_t rotated(const vf_model *m, const vf_layer *l) {
  if (l->o_lora != 0) return l->rope_dim;
  if ((l->mixers & VF_MIX_ATTENTION) == 0 || (l->flags & VF_LAYER_NO_ROPE) != 0) return 0;
  if (l->kv_lora != 0) return l->rope_dim;
  return m->rotated_permille != 0 ? l->k_dim * m->rotated_permille / 1000 : l->k_dim;
}

/* Cosines and sines of every position, once for each size of head; places in images and videos
 * have four times as many positions (rotary_embedding/mrope.py: cache_max_position_num). */
static uint64_t rope_bytes(const vf_vllm_plan *p) {
  const vf_model *m = p->r.model;
  uint64_t rows = vf_max_u64(m->max_ctx_tokens, p->r.w->requested_ctx_tokens), dims = 0;
  uint32_t last = 0;
  /* models/deepseek_v4/common/rope.py: in 32 bits, for keys of one token and of several */
  if (vf_vllm_compresses(m)) return rows * 2 * rotated(m, &m->layers[0]) * 4;
  bool latent = vf_ranks_has_cache(m, VF_CACHE_LATENT);
  if (m->flags & VF_MODEL_MROPE) rows *= 4;
  for (uint32_t i = p->r.shard.first_layer; i < p->r.shard.end_layer; i++) {
    uint32_t dim = rotated(m, &m->layers[i]);
    bool seen = dim == last;
    for (uint32_t j = p->r.shard.first_layer; !seen && j < i; j++)
      seen = rotated(m, &m->layers[j]) == dim;
    if (dim != 0 && !seen) dims += dim;
    last = dim;
  }
  return rows * dims * (latent && p->rules.wide_latent_rope ? 4 : p->r.number_bytes);
}

/* attention/layer.py: scales of queries, keys, values and probabilities and three ranges, numbers
 * that the allocator gives 512 bytes each. */
static uint64_t attention_scalars_bytes(const vf_vllm_plan *p) {
  enum { SCALARS = 7, LEAST_BYTES = 512 };
  uint64_t layers = 0;
  for (uint32_t i = p->r.shard.first_layer; i < p->r.shard.end_layer; i++)
    layers += (p->r.model->layers[i].mixers & VF_MIX_ATTENTION) != 0;
  return layers * SCALARS * LEAST_BYTES;
}

/* qwen3_vl.py, deepstack_input_embeds: what levels of the tower hand on for each token of a batch.
 */
static uint64_t level_bytes(const vf_vllm_plan *p) {
  const vf_model *m = p->r.model;
  if (p->r.request->text_only || !p->r.shard.first) return 0;
  return m->item.levels * (uint64_t)p->r.batch_tokens * m->n_embd * p->r.number_bytes;
}

/* The matrices from and to the latent, once more in 16 bits for decoding. */
static uint64_t absorbed_bytes(const vf_vllm_plan *p) {
  uint64_t sum = 0;
  for (uint32_t i = p->r.shard.first_layer; i < p->r.shard.end_layer; i++) {
    const vf_layer *l = &p->r.model->layers[i];
    if (l->kv_lora == 0) continue;
    uint64_t per_head = (uint64_t)(l->k_dim - l->rope_dim + l->v_dim) * l->kv_lora;
    sum += l->n_heads / p->r.tp * per_head * p->r.number_bytes;
  }
  return sum;
}

bool vf_vllm_sparse(const vf_model *m) {
  return vf_ranks_has_cache(m, VF_CACHE_INDEXER) && vf_ranks_has_cache(m, VF_CACHE_LATENT);
}

/* FlashInfer's rows are the latent in 8 bits; the others' have scales, and rotated keys in 16. */
bool vf_vllm_sparse_rows_plain(const vf_vllm_plan *p) {
  return p->rules.sparse_flashinfer && p->r.e->devices[0].device.compute_capability / 10 == 10;
}

/* FlashMLA reads prompts from keys in 16 bits: five contexts of them, and queries of a batch, are
 * taken while the model is made (mla/flashmla_sparse.py: get_prefill_workspace_size). */
uint64_t vf_vllm_sparse_workspace_bytes(const vf_vllm_plan *p) {
  enum { CONTEXTS = 5, NUMBER_BYTES = 2 };
  uint32_t cc = p->r.e->devices[0].device.compute_capability;
  bool flashmla = cc / 10 == 9 || (cc / 10 == 10 && !p->rules.sparse_flashinfer);
  bool narrow = p->r.w->kv_k == VF_FORMAT_F8_E4M3;
  if (!flashmla || !narrow || !p->rules.sparse_workspace || !vf_vllm_sparse(p->r.model)) return 0;
  const vf_layer *l = &p->r.model->layers[p->r.shard.first_layer];
  uint64_t row = (uint64_t)l->kv_lora + l->rope_dim, queries = 0;
  if (p->rules.sparse_workspace_queries)
    queries = (uint64_t)p->r.batch_tokens * (l->n_heads / p->r.tp);
  return (CONTEXTS * p->r.w->requested_ctx_tokens + queries) * row * NUMBER_BYTES;
}

/* deepseek_v2.py: topk_indices_buffer, one for all layers. */
static uint64_t sparse_indices_bytes(const vf_vllm_plan *p) {
  enum { INDEX_BYTES = 4 };
  uint32_t kept = 0;
  if (!vf_vllm_sparse(p->r.model)) return 0;
  for (uint32_t i = p->r.shard.first_layer; i < p->r.shard.end_layer; i++)
    kept = vf_max_u32(kept, p->r.model->layers[i].index_kept);
  return (uint64_t)p->r.batch_tokens * kept * INDEX_BYTES;
}

/* One slot: A is rank x inputs and B outputs x rank; the cut side of the matrix is cut here, too.
 */
static uint64_t lora_bytes(const vf_vllm_plan *p, const vf_tensor *t) {
  static const uint8_t targets[] = {
      VF_ROLE_ATTN_Q,        VF_ROLE_ATTN_K,      VF_ROLE_ATTN_V,       VF_ROLE_ATTN_QKV,
      VF_ROLE_ATTN_OUTPUT,   VF_ROLE_FFN_GATE,    VF_ROLE_FFN_UP,       VF_ROLE_FFN_DOWN,
      VF_ROLE_FFN_GATE_EXPS, VF_ROLE_FFN_UP_EXPS, VF_ROLE_FFN_DOWN_EXPS};
  bool found = false, rows = t->role == VF_ROLE_ATTN_OUTPUT || t->role == VF_ROLE_FFN_DOWN ||
                             t->role == VF_ROLE_FFN_DOWN_EXPS;
  for (size_t i = 0; i < sizeof targets; i++) found |= targets[i] == t->role;
  if (!found || t->suffix != VF_SUFFIX_WEIGHT || t->layer < 0) return 0;
  if (!is_here(p, (uint32_t)t->layer)) return 0;
  uint64_t in = rows ? t->ne[0] / p->r.tp : t->ne[0], out = rows ? t->ne[1] : t->ne[1] / p->r.tp;
  return (in + out) * t->ne[2] * p->r.request->max_lora_rank * LORA_NUMBER_BYTES;
}

static uint64_t adapter_slots_bytes(const vf_vllm_plan *p) {
  uint64_t sum = 0;
  if (p->r.request->max_lora_rank == 0) return 0;
  for (size_t i = 0; i < p->r.model->n_tensors; i++) sum += lora_bytes(p, &p->r.model->tensors[i]);
  return sum * (p->r.request->max_loras != 0 ? p->r.request->max_loras : 1);
}

/* Marlin's kernels for experts spread the scales of FP8 blocks out: 1.4 % more of a whole model was
 * logged on GB10.  Hopper and data centre Blackwell have kernels of their own: a quarter of a
 * hundredth more of DeepSeek-R1 on H200. */
static uint64_t spread_scales_bytes(const vf_ranks *r, uint32_t cc, uint64_t all) {
  bool own = cc == 90 || cc / 10 == 10;
  if (!r->moe || strncmp(r->model->quant, "FP8 block", 9) != 0) return 0;
  return own ? all / 400 : all / 66;
}

/* What the sum of the tensors does not tell: buffers of towers (a log of Gemma 4 has 36 MiB more,
 * one of LLaVA, whose last layer is left out, 24 less), and beside experts (2 MiB of 14 GiB). */
static void add_buffers(vf_interval *size, const vf_ranks *r) {
  uint64_t all = size->bytes;
  bool tower = (r->model->flags & VF_MODEL_HAS_TOWER) != 0 && !r->request->text_only;
  if (tower) size->low_bytes -= all / 500;
  if (tower) size->high_bytes += all / 500;
  if (r->moe) size->high_bytes += all / 2000;
}

static bool has_role(const vf_model *m, vf_role role) {
  for (size_t i = 0; i < m->n_tensors; i++)
    if (m->tensors[i].role == role) return true;
  return false;
}

/* Where a model's output is its embedding, vLLM makes an output matrix and drops it
 * (vocab_parallel_embedding.py: tie_weights): the allocator has its memory, and so has the log of a
 * platform that tells what the device lost.  Before #52147 that is a matter of the class: Llama's
 * and Gemma 4's did so, Gemma 3's since #30827, Qwen's did not.  A log of Gemma 4 E4B has it. */
static void add_dropped_output(vf_interval *size, const vf_ranks *r) {
  const vf_model *m = r->model;
  uint64_t bytes = m->n_vocab * m->n_embd * r->number_bytes / r->tp;
  const vf_vllm_rules *rules = &vf_vllm_plan_of(r)->rules;
  bool may = rules->towers_drop_output || (m->flags & VF_MODEL_HAS_TOWER) == 0;
  if (!rules->rocm_counts_device || has_role(m, VF_ROLE_OUTPUT) || !may || !r->shard.last) return;
  if (has_role(m, VF_ROLE_PER_LAYER_TOKEN_EMBD)) size->bytes += bytes;
  size->high_bytes += bytes;
}

/* Three logs of 0.27.1 with runner V2 have 0.3 to 0.6 % more than the tensors: what the device lost
 * is told there, not what the allocator counts. */
static void add_unused(vf_interval *size, const vf_vllm_plan *p) {
  uint64_t all = size->bytes;
  if (!p->new_runner) return;
  size->low_bytes -= all / 2000;
  size->bytes += all / 300;
  size->high_bytes += all / 150;
}

/* Kernels for experts in NVFP4 may want their inner side in tiles of 128: what that adds. */
static uint64_t tile_bytes(const vf_ranks *r) {
  vf_shard padded = r->shard;
  if (!r->moe || strncmp(r->model->checkpoint, "modelopt", 8) != 0) return 0;
  padded.pad_inner = MXFP4_INNER;
  padded.pad_width = 1;
  return vf_shard_weights(&padded, r->model) - vf_shard_weights(&r->shard, r->model);
}

/* MXFP4's tiles differ by kernel: Marlin's are counted, Triton's (by default on Hopper since v0.14)
 * took 2.4 % less of a whole model, and a load of 0.12 had 0.24 % more.  On ROCm every load logged
 * 70 to 90 MiB more than on CUDA, and experts, and Gemma 3 with its tower, are padded for its
 * kernels: up to 4.3 %.  What is moved to the host goes by whole tensors. */
vf_amount vf_vllm_weights(const vf_ranks *r, uint32_t device) {
  enum { ROCM_MIB = 75 };
  const vf_device *d = &r->e->devices[device].device;
  vf_interval size = vf_ranks_weights(r);
  uint64_t all = size.bytes, moved = vf_min_u64(all, r->request->cpu_offload_bytes);
  if (r->model->scheme_by_name) { /* its makers differ in small things, too */
    size.low_bytes -= all / 500;
    size.high_bytes += all / 500;
  }
  if (r->shard.pad_width != 0 && d->compute_capability / 10 == 9) size.low_bytes -= all / 40;
  if (r->shard.pad_width != 0) size.high_bytes += all / 250;
  size.high_bytes += spread_scales_bytes(r, d->compute_capability, all);
  size.high_bytes += tile_bytes(r);
  add_buffers(&size, r);
  add_unused(&size, vf_vllm_plan_of(r));
  if (d->backend == VF_BACKEND_ROCM) {
    bool padded = r->moe || (r->model->flags & VF_MODEL_HAS_TOWER) != 0;
    size.bytes += ROCM_MIB * VF_MIB;
    size.high_bytes += ROCM_MIB * VF_MIB + (padded ? all / 22 : all / 200);
    add_dropped_output(&size, r);
  }
  size.high_bytes += moved / 10;
  size.low_bytes -= vf_min_u64(moved, size.low_bytes);
  size.bytes -= moved;
  size.high_bytes -= moved;
  bool exact = size.low_bytes == size.high_bytes && !r->model->scheme_by_name;
  return vf_amount_within(size, exact ? VF_BASIS_EXACT : VF_BASIS_MODELLED,
                          r->tp > 1 ? "this rank's part" : "");
}

/* A model that proposes tokens is cut like the target and lies on the last stage. */
vf_amount vf_vllm_draft(const vf_ranks *r, uint32_t device) {
  const vf_model *m = r->request->draft;
  vf_shard s = r->shard;
  (void)device;
  if (m == NULL || !s.last) return vf_amount_exact(0, "");
  vf_shard_stage(&s, m, VF_STAGE_BEFORE_LAST, 1, 0);
  return vf_amount_exact(vf_shard_weights(&s, m), "the model that proposes tokens");
}

/* A layer that proposes tokens and is not described: like the last one with attention, with the
 * matrix that joins embedding and state before it. */
vf_amount vf_vllm_prediction_layer(const vf_ranks *r, uint32_t device) {
  const vf_model *m = r->model;
  vf_shard s = r->shard;
  uint32_t last = m->n_layers;
  bool described = vf_vllm_mtp_layers(m) > 0 || r->request->draft != NULL;
  (void)device;
  while (last > 0 && (m->layers[last - 1].mixers & VF_MIX_ATTENTION) == 0) last--;
  if (vf_vllm_plan_of(r)->spec_tokens == 0 || !s.last || described || last == 0)
    return vf_amount_exact(0, "");
  s.first = s.last = false;
  s.first_layer = last - 1;
  s.end_layer = last;
  uint64_t bytes = vf_shard_weights(&s, m) + 2 * m->n_embd * m->n_embd * r->number_bytes;
  return vf_amount_within((vf_interval){bytes - bytes / 4, bytes, bytes + bytes / 2},
                          VF_BASIS_MODELLED, "as large as the last layer");
}

/* Some loads of FP8 have none of it, among them three of three on GB10: with expandable segments
 * (PYTORCH_ALLOC_CONF) the allocator gives away what is left. */
vf_amount vf_vllm_slack(const vf_ranks *r, uint32_t device) {
  const vf_device *d = &r->e->devices[device].device;
  bool rocm = d->backend == VF_BACKEND_ROCM; /* keeps all of the rest */
  vf_torch_rule rule = {.fused = true, .reserved = rocm};
  vf_torch_rule plain = {.fused = true, .plain = true, .reserved = rocm};
  uint64_t least = vf_torch_slack(&r->shard, r->model, plain);
  uint64_t bytes = vf_torch_slack(&r->shard, r->model, rule);
  bool blocks = strncmp(r->model->quant, "FP8 block", 9) == 0; /* two logs have none of it */
  if (least == bytes) return vf_amount_exact(bytes, "");
  bool none = blocks || d->kind == VF_DEVICE_UNIFIED;
  return vf_amount_within((vf_interval){0, none ? 0 : bytes, bytes}, VF_BASIS_MODELLED, "");
}

vf_amount vf_vllm_rope_tables(const vf_ranks *r, uint32_t device) {
  (void)device;
  return vf_amount_exact(rope_bytes(vf_vllm_plan_of(r)), "");
}

vf_amount vf_vllm_attention_scalars(const vf_ranks *r, uint32_t device) {
  (void)device;
  return vf_amount_exact(attention_scalars_bytes(vf_vllm_plan_of(r)), "");
}

vf_amount vf_vllm_tower_levels(const vf_ranks *r, uint32_t device) {
  (void)device;
  return vf_amount_exact(level_bytes(vf_vllm_plan_of(r)), "");
}

vf_amount vf_vllm_latent_copies(const vf_ranks *r, uint32_t device) {
  (void)device;
  return vf_amount_exact(absorbed_bytes(vf_vllm_plan_of(r)), "");
}

vf_amount vf_vllm_sparse_workspace(const vf_ranks *r, uint32_t device) {
  (void)device;
  return vf_amount_exact(vf_vllm_sparse_workspace_bytes(vf_vllm_plan_of(r)), "");
}

vf_amount vf_vllm_sparse_indices(const vf_ranks *r, uint32_t device) {
  (void)device;
  return vf_amount_exact(sparse_indices_bytes(vf_vllm_plan_of(r)), "");
}

vf_amount vf_vllm_lora_slots(const vf_ranks *r, uint32_t device) {
  (void)device;
  return vf_amount_exact(adapter_slots_bytes(vf_vllm_plan_of(r)), "");
}
