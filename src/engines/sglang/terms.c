/* terms.c - SGLang as a list of terms, and their words. */
#include <inttypes.h>

#include "base/checked.h"
#include "base/decimal.h"
#include "base/units.h"
#include "engines/companions.h"
#include "engines/sglang/sglang.h"
#include "engines/torch.h"

static vf_amount beside(vf_interval size, vf_basis basis, const char *note) {
  return (vf_amount){size, basis, note, true};
}

/* SGLang logs and charges what the device lost: tensors, and what torch keeps of blocks that are
 * not full. 20 to 110 MiB on four logs. */
enum { KEPT_MIB = 48, MOST_KEPT_MIB = 160 };

/* Experts of all ranks that stay in main memory, by layer all but --gpu-experts of them. */
static uint64_t host_experts_bytes(const vf_ranks *s, bool of_rank) {
  uint64_t sum = 0, kept = s->request->gpu_experts;
  if (!vf_sglang_plan_of(s)->host_experts) return 0;
  for (size_t i = 0; i < s->model->n_tensors; i++) {
    const vf_tensor *t = &s->model->tensors[i];
    if (!vf_role_is_expert(t->role) || t->layer < 0) continue;
    uint64_t all = s->model->layers[t->layer].n_experts, here = vf_min_u64(kept, all);
    uint64_t bytes = of_rank ? vf_shard_tensor(&s->shard, s->model, t) : t->bytes * t->count;
    if (all != 0) sum += vf_shard_part(bytes, all - here, all);
  }
  return sum;
}

static vf_amount host_experts(const vf_ranks *s, uint32_t device) {
  return vf_amount_within(vf_exactly(device == 0 ? host_experts_bytes(s, false) : 0),
                          VF_BASIS_MODELLED, "in the checkpoint's format");
}

static vf_amount weights(const vf_ranks *s, uint32_t device) {
  vf_amount a = vf_companion_weights(s, device);
  uint64_t host = vf_min_u64(a.size.low_bytes, s->request->cpu_offload_bytes);
  host += vf_min_u64(a.size.low_bytes - host, host_experts_bytes(s, true));
  a.size.low_bytes -= host;
  a.size.bytes += KEPT_MIB * VF_MIB - host;
  a.size.high_bytes += MOST_KEPT_MIB * VF_MIB - host;
  a.basis = VF_BASIS_MODELLED;
  return a;
}

/* Attention is whole on each of its replicas: its part of the weights once more for every rank that
 * does not share it. */
static vf_amount attention_copies(const vf_ranks *s, uint32_t device) {
  const vf_sglang_plan *p = vf_sglang_plan_of(s);
  vf_shard more = s->shard;
  uint64_t sum = 0;
  (void)device;
  more.tp = s->tp / p->attention_dp;
  for (size_t i = 0; p->attention_dp > 1 && i < s->model->n_tensors; i++) {
    const vf_tensor *t = &s->model->tensors[i];
    bool attention = t->role >= VF_ROLE_ATTN_Q && t->role <= VF_ROLE_ATTN_O_B;
    if (attention)
      sum += vf_shard_tensor(&more, s->model, t) - vf_shard_tensor(&s->shard, s->model, t);
  }
  return vf_amount_exact(sum, "whole attention for each replica");
}

static vf_amount slack(const vf_ranks *s, uint32_t device) {
  (void)device;
  return vf_amount_exact(
      vf_torch_slack(&s->shard, s->model, (vf_torch_rule){.fused = true, .reserved = true}), "");
}

/* A model that proposes tokens is cut like the target and lies on the last stage; layers of the
 * model's own that are described are weights already, others are as large as the last layer. */
static vf_interval draft_bytes(const vf_ranks *s) {
  const vf_sglang_plan *p = vf_sglang_plan_of(s);
  const vf_model *m = s->request->draft != NULL ? s->request->draft : s->model;
  vf_shard shard = s->shard;
  if (p->draft_layers == 0 || !shard.last) return vf_exactly(0);
  vf_shard_stage(&shard, m, VF_STAGE_BEFORE_LAST, 1, 0);
  if (s->request->draft != NULL) return vf_exactly(vf_shard_weights(&shard, m));
  for (uint32_t i = 0; i < m->n_layers; i++)
    if (m->layers[i].flags & VF_LAYER_MTP) return vf_exactly(0);
  shard.first = shard.last = false;
  shard.first_layer = m->n_layers - 1;
  shard.end_layer = m->n_layers;
  uint64_t bytes = vf_shard_weights(&shard, m) + 2 * m->n_embd * m->n_embd * s->number_bytes;
  return (vf_interval){bytes - bytes / 4, bytes, bytes + bytes / 2};
}

static vf_amount draft_weights(const vf_ranks *s, uint32_t device) {
  vf_interval size = draft_bytes(s);
  (void)device;
  vf_basis basis = size.low_bytes == size.high_bytes ? VF_BASIS_EXACT : VF_BASIS_MODELLED;
  if (vf_sglang_plan_of(s)->rules.draft_in_budget)
    return vf_amount_within(size, basis, "what proposes tokens");
  return beside(size, basis, "what proposes tokens, beside the pools");
}

/* Its cache has as many tokens as the target's. */
static vf_amount draft_cache(const vf_ranks *s, uint32_t device) {
  const vf_sglang_plan *p = vf_sglang_plan_of(s);
  uint64_t layer = p->cell.full_layers != 0 ? p->cell.full_bytes / p->cell.full_layers : 0,
           bytes = 0;
  (void)device;
  bool within = p->rules.draft_in_budget || p->compressed_token != 0;
  if (within || p->draft_layers == 0) return vf_amount_exact(0, "");
  if (!vf_mul3(&bytes, layer, p->draft_layers, p->tokens)) s->e->overflow = true;
  return beside(vf_exactly(bytes), VF_BASIS_MODELLED, "beside the pools");
}

/* sglang#36583 (2026-08-27): what the loader of a quantized checkpoint with a tower unpacks was
 * still referenced when the pool was sized: 5.3 of 6.9 GiB with an AWQ checkpoint on two ranks, in
 * both of two logs. */
static vf_amount loader_leftovers(const vf_ranks *s, uint32_t device) {
  bool tower = (s->model->flags & VF_MODEL_HAS_TOWER) != 0;
  bool packed = s->model->checkpoint[0] == 'a';
  uint64_t most = vf_shard_part(vf_shard_weights(&s->shard, s->model), 800, 1000);
  (void)device;
  if (!tower || !packed) return vf_amount_exact(0, "");
  return vf_amount_within((vf_interval){0, most, most + most / 16}, VF_BASIS_ASSUMED,
                          "what the loader may still hold");
}

/* Where states and tokens share a budget by a ratio, one of them decides how large the other is. */
static uint64_t by_ratio(const vf_sglang_plan *p, uint64_t cache, uint64_t states, bool of_states) {
  uint64_t ratio = p->state_ratio_ppm;
  if (p->state_bytes == 0 || vf_sglang_slots(p, 0) != 0) return of_states ? states : cache;
  if (of_states) return vf_max_u64(states, vf_shard_part(cache, ratio, 1000000));
  return vf_max_u64(cache, vf_shard_part(states, 1000000, ratio));
}

static uint64_t cache_bytes(const vf_sglang_plan *p) {
  uint64_t bytes = 0;
  if (!vf_mul(&bytes, vf_sglang_demand_tokens(p), vf_sglang_token_bytes(p)))
    p->s.e->overflow = true;
  return bytes;
}

static vf_amount kv_cache(const vf_ranks *s, uint32_t device) {
  const vf_sglang_plan *p = vf_sglang_plan_of(s);
  (void)device;
  return vf_amount_exact(by_ratio(p, cache_bytes(p), vf_sglang_demand_states(p), false),
                         "slots of the token pool");
}

static vf_amount states(const vf_ranks *s, uint32_t device) {
  const vf_sglang_plan *p = vf_sglang_plan_of(s);
  (void)device;
  return vf_amount_exact(by_ratio(p, cache_bytes(p), vf_sglang_demand_states(p), true),
                         p->copies > 1 ? "three slots per request" : "a slot per request");
}

static vf_amount activation(const vf_ranks *s, uint32_t device) {
  uint64_t act = vf_ranks_forward_bytes(s, s->batch_tokens);
  (void)device;
  return beside((vf_interval){act / 2, act, act + act / 2}, VF_BASIS_MODELLED, "beside the pools");
}

/* With largest batches of 256 and 512, 1 to 3 GiB were logged, 0.2 to 1 with 8 to 32. */
static vf_amount graphs(const vf_ranks *s, uint32_t device) {
  uint64_t bs = vf_sglang_plan_of(s)->graph_bs, most = 1000 + vf_min_u64(bs, 512) * 4;
  (void)device;
  if (s->request->enforce_eager) return vf_amount_exact(0, "");
  return beside((vf_interval){most / 8 * VF_MIB, most / 2 * VF_MIB, most * VF_MIB},
                VF_BASIS_MODELLED, "beside the pools");
}

static uint64_t running(const vf_sglang_plan *p) {
  const vf_workload *w = p->s.w;
  uint64_t n = p->tokens / vf_max_u64(w->requested_ctx_tokens, 1) * 512;
  if (p->s.request->max_num_seqs != 0) return p->s.request->max_num_seqs;
  if (p->compressed_token != 0) return VF_SGLANG_COMPRESSED_RUNNING;
  n = vf_min_u64(vf_max_u64(n, 2048), VF_SGLANG_MAX_RUNNING);
  return vf_min_u64(n, p->tokens / 2 + 1);
}

static vf_amount request_table(const vf_ranks *s, uint32_t device) {
  uint64_t ctx = vf_min_u64(s->w->requested_ctx_tokens, UINT64_C(1) << 40);
  (void)device;
  return beside(vf_exactly((running(vf_sglang_plan_of(s)) + 1) * ctx * 4), VF_BASIS_MODELLED,
                "beside the pools");
}

static vf_amount deepep(const vf_ranks *s, uint32_t device) {
  (void)device;
  if (!s->request->deepep) return vf_amount_exact(0, "");
  return beside((vf_interval){1024 * VF_MIB, 2048 * VF_MIB, 4096 * VF_MIB}, VF_BASIS_ASSUMED,
                "beside the pools");
}

/* --enable-hierarchical-cache: --hicache-ratio of the pool, or --hicache-size. */
static vf_amount host_cache(const vf_ranks *s, uint32_t device) {
  const vf_request *r = s->request;
  uint64_t bytes = vf_shard_part(vf_sglang_plan_of(s)->pool.bytes, r->host_cache_ppm, 1000000);
  (void)device;
  if (r->host_cache_bytes != 0) bytes = r->host_cache_bytes;
  return vf_amount_within(vf_exactly(bytes), VF_BASIS_MODELLED, "of every rank");
}

static void say_tensors(const vf_ranks *s, const vf_line *line, vf_text *out) {
  (void)line;
  vf_text_printf(out, "sum of this rank's tensors, of %zu in %s", s->model->n_tensors,
                 s->model->quant);
  if (s->tp > 1) vf_text_printf(out, ": columns and rows by tp %" PRIu32, s->tp);
  if (s->tp > 1 && s->shard.embeddings_whole) vf_text_put(out, ", the tables of tokens whole");
  if (s->ep > 1) vf_text_printf(out, ", experts whole over %" PRIu32 " ranks", s->ep);
  if (s->pp > 1) vf_text_printf(out, ", one of %" PRIu32 " stages", s->pp);
}

static void say_cache(const vf_ranks *s, const vf_line *line, vf_text *out) {
  const vf_sglang_plan *p = vf_sglang_plan_of(s);
  uint64_t tokens = vf_sglang_demand_tokens(p);
  if (line->size.bytes != cache_bytes(p)) {
    vf_text_thousands(out, vf_sglang_demand_states(p));
    vf_text_printf(out, " B that states have / %s", vf_fixed(p->state_ratio_ppm / 1e6, 2).text);
    return;
  }
  if (tokens == p->seqs * s->w->requested_ctx_tokens) {
    vf_text_printf(out, "%" PRIu32 " × ", p->seqs);
    tokens = s->w->requested_ctx_tokens;
  }
  vf_text_thousands(out, tokens);
  vf_text_printf(out, " tokens × %" PRIu64 " B", vf_sglang_token_bytes(p));
  if (p->compressed_token != 0)
    vf_text_printf(out, " (keys of several tokens and their index; of windows %s)",
                   vf_fixed(p->window_ppm / 1e6, 2).text);
  else if (p->cell.window_layers != 0)
    vf_text_printf(out,
                   " (layers with a window have %s of the tokens of the others, and decide "
                   "where that is less than their windows)",
                   vf_fixed(p->window_ppm / 1e6, 2).text);
  if (p->state_bytes != 0)
    vf_text_printf(out, "; states have %s of what tokens have",
                   vf_fixed(p->state_ratio_ppm / 1e6, 2).text);
}

static void say_states(const vf_ranks *s, const vf_line *line, vf_text *out) {
  const vf_sglang_plan *p = vf_sglang_plan_of(s);
  if (p->compressed_token != 0) {
    vf_text_put(out, "what keys of 128 tokens are made of, in 32 bits, for every request that may "
                     "run (256 unless --max-running-requests says)");
    return;
  }
  uint64_t own = vf_sglang_demand_states(p), slot = vf_sglang_slot_bytes(p);
  if (line->size.bytes != own) {
    vf_text_printf(out, "%s × ", vf_fixed(p->state_ratio_ppm / 1e6, 2).text);
    vf_text_thousands(out, cache_bytes(p));
    vf_text_put(out, " B that tokens have");
  } else {
    uint64_t slots = slot != 0 ? own / slot : 0;
    if (slots == (uint64_t)p->seqs * p->copies)
      vf_text_printf(out, "%" PRIu32 " requests of %" PRIu32 ": ", p->seqs, p->copies);
    if (slots != 0) vf_terms_put_each(out, slots, "slot", own);
  }
  if (p->slots != 0) vf_text_printf(out, "; the pool has %" PRIu64 " slots", p->slots);
}

static void say_activation(const vf_ranks *s, const vf_line *line, vf_text *out) {
  (void)line;
  vf_text_printf(out,
                 "%" PRIu32 " tokens × (4 × %" PRIu64 " + 3 × feed-forward / tp) × %" PRIu32 " B",
                 s->batch_tokens, s->model->n_embd, s->number_bytes);
}

static void say_graphs(const vf_ranks *s, const vf_line *line, vf_text *out) {
  (void)line;
  vf_text_printf(out, "graphs of batches up to %" PRIu32, vf_sglang_plan_of(s)->graph_bs);
}

static void say_table(const vf_ranks *s, const vf_line *line, vf_text *out) {
  (void)line;
  vf_text_printf(out, "(%" PRIu64 " requests + 1) × ", running(vf_sglang_plan_of(s)));
  vf_text_thousands(out, s->w->requested_ctx_tokens);
  vf_text_put(out, " tokens × 4 B: where each token lies");
}

const vf_term vf_sglang_terms[] = {
    {"weights", VF_PART_WEIGHTS, weights, .words = say_tensors,
     .source = "python/sglang/srt/layers/linear.py; 48 MiB of blocks that are not full: logs"},
    {"weights_offloaded", VF_PART_WEIGHTS, vf_ranks_offloaded, "pinned, read over the bus",
     .source = "--cpu-offload-gb", .on_host = true},
    {"host_experts", VF_PART_WEIGHTS, host_experts,
     "experts of every layer but those that stay on the GPU; another --kt-method takes another "
     "size",
     .source = "ktransformers doc/en/kt-kernel; --kt-num-gpu-experts", .on_host = true},
    {"attention_copies", VF_PART_WEIGHTS, attention_copies,
     "attention as its replicas cut it, less what tensor parallelism leaves of it",
     .source = "layers/dp_attention.py"},
    {"draft_weights", VF_PART_WEIGHTS, draft_weights,
     "the model, or the layers, that propose tokens",
     .source = "model_runner.py; in the fraction since sglang#28855"},
    {"adapter_slots", VF_PART_WEIGHTS, vf_companion_adapters,
     "slots × rank × (inputs + outputs) of every matrix, 2 B each",
     .source = "lora/mem_pool.py; --max-loras-per-batch"},
    {"tower", VF_PART_WEIGHTS, vf_ranks_tower, "for images or sound, not described",
     .source = "the config tells of one, not of its tensors"},
    VF_SLACK_TERM(slack),
    {"loader_leftovers", VF_PART_WEIGHTS, loader_leftovers,
     "up to 0.8 of the weights of a quantized checkpoint with a tower", .source = "sglang#36583",
     .until = 5018},
    {"kv_cache", VF_PART_KV_CACHE, kv_cache, .words = say_cache, .source = "pool_configurator.py"},
    {"recurrent_state", VF_PART_STATE, states, .words = say_states,
     .source = "model_runner_kv_cache_mixin.py: handle_max_mamba_cache"},
    {"activation", VF_PART_COMPUTE, activation, .words = say_activation,
     .source = "not measured by SGLang: must fit in what the fraction leaves", .late = true},
    {"cuda_graphs", VF_PART_COMPUTE, graphs, .words = say_graphs, .source = "logs of 0.4 and 0.5",
     .late = true},
    {"request_table", VF_PART_COMPUTE, request_table, .words = say_table,
     .source = "mem_cache/memory_pool.py: ReqToTokenPool", .late = true},
    {"draft_cache", VF_PART_KV_CACHE, draft_cache, "tokens of the pool × the draft's layers",
     .source = "before sglang#23862", .late = true},
    {"deepep_buffers", VF_PART_COMPUTE, deepep, "buffers of the exchange between experts",
     .source = "server_args.py: reserve_for_deepep_a2a_mb", .late = true},
    {"cuda_context", VF_PART_RUNTIME, vf_ranks_context, "the process before it loads anything",
     .source = "measured; the device's catalog entry", .late = true},
    {"host_cache", VF_PART_KV_CACHE, host_cache,
     "the pool once more in main memory, times the ratio",
     .source = "--hicache-ratio, --hicache-size", .on_host = true, .late = true},
    {.id = NULL},
};
