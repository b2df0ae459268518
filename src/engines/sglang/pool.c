/* pool.c - SGLang's pools: tokens, windows and the slots of recurrent states.
 *
 * pool_configurator.py and model_runner_kv_cache_mixin.py of main at 9fec359a6 (2026-07-13).  What
 * is left of the static share goes to states first (handle_max_mamba_cache): so many slots as were
 * asked for, else one for every request that runs at once where nothing is kept for reuse, else
 * nine parts of nineteen.  The pool of tokens is the rest over the bytes of a token, in whole
 * pages. */
#include "base/checked.h"
#include "engines/sglang/sglang.h"

/* Layers with a window keep a share of the tokens of the others; a draft's layers are counted as
 * the target's are on average. */
uint64_t vf_sglang_token_bytes(const vf_sglang_plan *p) {
  const vf_ranks_cell *c = &p->cell;
  uint64_t layers = c->full_layers, full = c->full_bytes;
  if (p->compressed_token != 0) return p->compressed_token;
  if (p->rules.draft_in_budget && layers != 0) full += full / layers * p->draft_layers;
  if (c->full_layers == 0) return c->window_bytes;
  return full + vf_shard_part(c->window_bytes, p->window_ppm, 1000000);
}

/* Slots that the demand takes: of the full pool, or of the smaller one for windows. */
uint64_t vf_sglang_demand_tokens(const vf_sglang_plan *p) {
  const vf_workload *w = p->s.w;
  uint64_t full, kept = vf_min_u64(w->requested_ctx_tokens, p->cell.window_tokens + w->block_size);
  if (!vf_mul(&full, p->seqs, w->requested_ctx_tokens)) {
    p->s.e->overflow = true;
    return 0;
  }
  if (p->cell.window_layers == 0) return full;
  return vf_max_u64(full, vf_shard_part(p->seqs * kept, 1000000, p->window_ppm));
}

/* Slots that are made whatever memory there is; 0: by a share of it.  Before states were kept for
 * reuse (0.5.4) it was one for every request, 512 where nobody said how many. */
static uint64_t fixed_slots(const vf_sglang_plan *p) {
  enum { OLD_SLOTS = 512 };
  const vf_request *r = p->s.request;
  bool old = p->rules.state_copies == 0;
  if (r->state_slots != 0) return vf_max_u32(r->state_slots / p->attention_dp, 1);
  if ((old || r->prefix_caching == VF_OFF) && r->max_num_seqs != 0)
    return vf_max_u32(r->max_num_seqs / p->attention_dp, 1);
  return old ? OLD_SLOTS / p->attention_dp : 0;
}

/* A proposal of D tokens keeps D states more for each request that runs. */
uint64_t vf_sglang_slot_bytes(const vf_sglang_plan *p) {
  uint64_t drafts = p->draft_layers != 0 ? p->s.request->spec_tokens : 0;
  return p->state_bytes + p->state_bytes * drafts / vf_max_u32(p->copies, 1);
}

uint64_t vf_sglang_slots(const vf_sglang_plan *p, uint64_t bytes) {
  uint64_t fixed = fixed_slots(p), one = vf_sglang_slot_bytes(p), ratio = p->state_ratio_ppm;
  if (one == 0) return 0;
  return fixed != 0 ? fixed : vf_shard_part(bytes, ratio, 1000000 + ratio) / one;
}

uint64_t vf_sglang_demand_states(const vf_sglang_plan *p) {
  uint64_t bytes = 0, slots = (uint64_t)p->seqs * p->copies, fixed = fixed_slots(p);
  if (p->compressed_token != 0) return p->compressed_fixed;
  if (!vf_mul(&bytes, vf_max_u64(slots, fixed), vf_sglang_slot_bytes(p))) p->s.e->overflow = true;
  return bytes;
}

uint64_t vf_sglang_pool_tokens(const vf_sglang_plan *p, uint64_t bytes) {
  uint64_t cell = vf_sglang_token_bytes(p), page = p->s.w->block_size, states = 0, tokens;
  if (!vf_mul(&states, vf_sglang_slots(p, bytes), vf_sglang_slot_bytes(p))) return 0;
  states += p->compressed_fixed;
  if (cell == 0 || states >= bytes) return 0;
  tokens = (bytes - states) / cell;
  if (p->s.request->pool_tokens != 0) tokens = vf_min_u64(tokens, p->s.request->pool_tokens);
  return tokens / page * page;
}
