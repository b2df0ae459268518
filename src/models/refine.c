/* refine.c - what the tensors of a file say about its layers.
 *
 * A GGUF header states sizes; which projections there are, which carry a bias, where the norms
 * stand and which layers are recurrent can be seen by the tensors alone, and so it is taken from
 * them.  A tensor that contradicts the header is an error, as it is for the engine. */
#include <inttypes.h>
#include <string.h>

#include "base/status.h"
#include "models/builder.h"

/* ---- Looking ---------------------------------------------------------------------------- */

static bool has_bit(const uint64_t bits[4], vf_role role) {
  return (bits[role / 64] >> (role % 64) & 1) != 0;
}

static bool has_weight(const vf_seen *s, vf_role role) {
  return has_bit(s->weights, role);
}

static bool has_bias(const vf_seen *s, vf_role role) {
  return has_bit(s->biases, role);
}

_Static_assert(VF_ROLE_COUNT <= 256, "a bit per role");

static void note_shape(vf_seen *s, const vf_tensor *t) {
  switch ((vf_role)t->role) {
  case VF_ROLE_ATTN_Q: s->q_out = t->ne[1]; break;
  case VF_ROLE_ATTN_K: s->k_out = t->ne[1]; break;
  case VF_ROLE_ATTN_GATE: s->gate_out = t->ne[1]; break;
  case VF_ROLE_ATTN_Q_NORM:
    s->q_norm = t->ne[0];
    s->q_norm_rows = t->ne[1];
    break;
  case VF_ROLE_FFN_UP: s->ff_up = t->ne[1]; break;
  case VF_ROLE_FFN_DOWN: s->ff_down = t->ne[0]; break;
  case VF_ROLE_FFN_DOWN_EXPS:
    s->ff_expert = t->ne[0];
    s->expert_in = t->ne[1];
    s->n_experts = t->ne[2];
    break;
  case VF_ROLE_TIME_MIX_KEEP32: s->mixes_five |= t->ne[3] == 5; break;
  case VF_ROLE_FFN_DOWN_SHEXP: s->ff_shared = t->ne[0]; break;
  default: break;
  }
}

static void note(vf_builder *b, const vf_tensor *t) {
  vf_seen *s = &b->seen[t->layer];
  uint64_t *bits = t->suffix == VF_SUFFIX_BIAS ? s->biases : s->weights;
  bits[t->role / 64] |= VF_BIT(t->role % 64);
  if (t->suffix == VF_SUFFIX_WEIGHT) note_shape(s, t);
  s->n_tensors++;
}

void vf_look_at_tensors(vf_builder *b) {
  vf_model *m = b->m;
  b->seen = vf_arena_alloc(m->arena, m->n_layers, sizeof *b->seen);
  if (b->seen == NULL) b->status = vf_fail_nomem(b->err);
  for (size_t i = 0; i < m->n_tensors && b->status == VF_OK; i++) {
    const vf_tensor *t = &m->tensors[i];
    if (t->layer < 0) continue;
    if ((uint32_t)t->layer < m->n_layers)
      note(b, t);
    else
      vf_hparam_fail(&b->h, VF_HP_N_LAYERS, VF_MALFORMED,
                     "%" PRIu32 " layers, but there is a tensor of layer %" PRId32, m->n_layers,
                     t->layer);
  }
  if (b->status == VF_OK) b->status = b->h.status;
}

/* ---- Mixers ----------------------------------------------------------------------------- */

bool vf_seen_index(const vf_seen *s) {
  return has_weight(s, VF_ROLE_INDEXER_K_PROJ);
}

uint32_t vf_seen_mixers(const vf_seen *s) {
  uint32_t mixers = 0;
  bool delta = has_weight(s, VF_ROLE_SSM_BETA) || has_weight(s, VF_ROLE_SSM_BETA_ALPHA);
  bool kda = has_weight(s, VF_ROLE_SSM_CONV_Q);
  if (kda) return VF_MIX_KDA;
  if (delta) return VF_MIX_DELTA;
  bool keys = has_weight(s, VF_ROLE_ATTN_K) && has_weight(s, VF_ROLE_ATTN_V);
  if (has_weight(s, VF_ROLE_ATTN_Q) || has_weight(s, VF_ROLE_ATTN_QKV) ||
      has_weight(s, VF_ROLE_ATTN_KV_A) || has_weight(s, VF_ROLE_ATTN_KV) || keys)
    mixers |= VF_MIX_ATTENTION;
  if (has_weight(s, VF_ROLE_SSM_X))
    mixers |= VF_MIX_MAMBA1;
  else if (has_weight(s, VF_ROLE_SSM_IN) || has_weight(s, VF_ROLE_SSM_OUT))
    mixers |= VF_MIX_MAMBA2;
  if (has_weight(s, VF_ROLE_SHORTCONV_CONV) || has_weight(s, VF_ROLE_SHORTCONV_IN))
    mixers |= VF_MIX_SHORTCONV;
  if (has_weight(s, VF_ROLE_TIME_MIX_MATRIX)) mixers |= VF_MIX_RWKV;
  if (has_weight(s, VF_ROLE_CROSS_ATTN_Q)) mixers |= VF_MIX_CROSS;
  return mixers;
}

/* ---- Flags ------------------------------------------------------------------------------ */

/* Flags that tensors decide; what the table says about them is for configs. */
static const uint64_t visible =
    VF_LAYER_QKV_FUSED | VF_LAYER_QKV_BIAS | VF_LAYER_OUT_BIAS | VF_LAYER_QK_NORM |
    VF_LAYER_QK_NORM_FULL | VF_LAYER_QK_NORM_ALL_HEADS | VF_LAYER_Q_GATED | VF_LAYER_SINKS |
    VF_LAYER_HEAD_GATE | VF_LAYER_O_GATED | VF_LAYER_K_IS_V | VF_LAYER_NORM_BIAS |
    VF_LAYER_NO_NORMS | VF_LAYER_POST_NORMS | VF_LAYER_ONE_NORM | VF_LAYER_TWO_NORMS |
    VF_LAYER_FFN_FUSED | VF_LAYER_FFN_BIAS | VF_LAYER_FFN_PLAIN | VF_LAYER_ROUTER_BIAS |
    VF_LAYER_EXPERT_BIAS | VF_LAYER_PROBS_BIAS | VF_LAYER_SHEXP_GATE | VF_LAYER_SSM_NORM |
    VF_LAYER_SSM_NORMS | VF_LAYER_BA_FUSED | VF_LAYER_SUB_NORMS | VF_LAYER_OUT_SCALE |
    VF_LAYER_MTP_HEAD;

static uint64_t when(bool condition, uint64_t flag) {
  return condition ? flag : 0;
}

static uint64_t query_norm_flag(const vf_seen *s, const vf_layer *l) {
  if (s->q_norm == 0) return 0;
  if (s->q_norm_rows > 1) return VF_LAYER_QK_NORM_ALL_HEADS;
  return s->q_norm == l->k_dim ? VF_LAYER_QK_NORM : VF_LAYER_QK_NORM_FULL;
}

static uint64_t attention_flags(const vf_builder *b, const vf_seen *s, const vf_layer *l) {
  bool fused = has_weight(s, VF_ROLE_ATTN_QKV);
  uint64_t flags = query_norm_flag(s, l) | when(fused, VF_LAYER_QKV_FUSED);
  bool bias = has_bias(s, fused ? VF_ROLE_ATTN_QKV : VF_ROLE_ATTN_Q);
  bool keys_only = has_weight(s, VF_ROLE_ATTN_K) && !has_weight(s, VF_ROLE_ATTN_V);
  flags |= when(bias, VF_LAYER_QKV_BIAS) | when(keys_only, VF_LAYER_K_IS_V);
  flags |= when(has_bias(s, VF_ROLE_ATTN_OUTPUT), VF_LAYER_OUT_BIAS);
  flags |= when(has_weight(s, VF_ROLE_ATTN_SINKS), VF_LAYER_SINKS);
  bool gate = has_weight(s, VF_ROLE_ATTN_GATE), per_head = s->gate_out == l->n_heads;
  flags |= when(gate, per_head ? VF_LAYER_HEAD_GATE : VF_LAYER_O_GATED);
  flags |= when(has_weight(s, VF_ROLE_ATTN_SUB_NORM), VF_LAYER_SUB_NORMS);
  bool gated = (b->arch->flags & VF_LAYER_Q_GATED) != 0 && l->kv_lora == 0 && s->q_out != 0 &&
               s->q_out == 2ull * l->n_heads * l->k_dim;
  return flags | when(gated, VF_LAYER_Q_GATED);
}

static uint64_t norm_flags(const vf_seen *s) {
  bool before = has_weight(s, VF_ROLE_ATTN_NORM), second = has_weight(s, VF_ROLE_FFN_NORM);
  bool after = has_weight(s, VF_ROLE_ATTN_POST_NORM);
  uint64_t flags = when(!before, VF_LAYER_NO_NORMS);
  bool two = has_weight(s, VF_ROLE_ATTN_NORM_2);
  bool post = has_weight(s, VF_ROLE_FFN_POST_NORM) || has_weight(s, VF_ROLE_LAYER_OUTPUT_NORM);
  flags |= when(post, VF_LAYER_POST_NORMS) | when(two, VF_LAYER_TWO_NORMS);
  flags |= when(before && !second && !after && !two, VF_LAYER_ONE_NORM);
  bool bias = has_bias(s, VF_ROLE_ATTN_NORM) || has_bias(s, VF_ROLE_ATTN_OUTPUT_NORM);
  return flags | when(bias, VF_LAYER_NORM_BIAS);
}

static uint64_t feed_forward_flags(const vf_seen *s) {
  bool experts = s->n_experts != 0;
  bool gate = has_weight(s, experts ? VF_ROLE_FFN_GATE_EXPS : VF_ROLE_FFN_GATE);
  bool fused = !gate && !experts && s->ff_up == 2 * s->ff_down;
  bool plain = !gate && !fused && !has_weight(s, VF_ROLE_FFN_GATE_UP_EXPS);
  uint64_t flags = when(fused, VF_LAYER_FFN_FUSED) | when(plain, VF_LAYER_FFN_PLAIN);
  flags |= when(has_bias(s, VF_ROLE_FFN_UP), VF_LAYER_FFN_BIAS);
  flags |= when(has_bias(s, VF_ROLE_FFN_ROUTER), VF_LAYER_ROUTER_BIAS);
  flags |= when(has_bias(s, VF_ROLE_FFN_UP_EXPS), VF_LAYER_EXPERT_BIAS);
  bool correction = has_bias(s, VF_ROLE_FFN_ROUTER_BIAS) || has_weight(s, VF_ROLE_FFN_ROUTER_BIAS);
  flags |= when(correction, VF_LAYER_PROBS_BIAS);
  return flags | when(has_weight(s, VF_ROLE_FFN_SHEXP_GATE), VF_LAYER_SHEXP_GATE);
}

static uint64_t other_flags(const vf_seen *s) {
  return when(has_weight(s, VF_ROLE_SSM_NORM), VF_LAYER_SSM_NORM) |
         when(has_weight(s, VF_ROLE_SSM_B_NORM), VF_LAYER_SSM_NORMS) |
         when(has_weight(s, VF_ROLE_SSM_BETA_ALPHA), VF_LAYER_BA_FUSED) |
         when(has_weight(s, VF_ROLE_LAYER_OUTPUT_SCALE), VF_LAYER_OUT_SCALE) |
         when(has_weight(s, VF_ROLE_NEXTN_EMBD), VF_LAYER_MTP_HEAD);
}

/* ---- Sizes ------------------------------------------------------------------------------ */

/* The engine refuses a file whose matrices are not as large as the header says. */
static void check_keys(vf_builder *b, uint32_t i, const vf_seen *s, const vf_layer *l) {
  uint64_t stated = (uint64_t)l->n_kv_heads * l->k_dim;
  bool plain = (l->mixers & VF_MIX_ATTENTION) != 0 && l->kv_lora == 0 && s->k_out != 0;
  if (!plain || s->k_out == stated) return;
  vf_hparam_fail(&b->h, VF_HP_N_KV_HEADS, VF_MALFORMED,
                 "%" PRIu32 " heads of %" PRIu32 " make %" PRIu64 ", but blk.%" PRIu32
                 ".attn_k.weight has %" PRIu64,
                 l->n_kv_heads, l->k_dim, stated, i, s->k_out);
}

static uint32_t narrow(uint64_t n) {
  return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static void lay_experts(vf_builder *b, uint32_t i, const vf_seen *s, vf_layer *l) {
  l->n_experts = narrow(s->n_experts);
  l->n_ff_expert = narrow(s->ff_expert);
  l->expert_embd = s->expert_in == b->m->n_embd ? 0 : narrow(s->expert_in);
  l->n_experts_used = vf_hparam_need(&b->h, VF_HP_N_EXPERTS_USED, i);
  l->n_ff_chunk = vf_hparam_at(&b->h, VF_HP_N_FF_CHUNK, i, 0);
  if (l->n_experts_used == 0 || l->n_experts_used > l->n_experts)
    vf_hparam_fail(&b->h, VF_HP_N_EXPERTS_USED, VF_MALFORMED,
                   "%" PRIu32 " of %" PRIu32 " experts cannot be used per token", l->n_experts_used,
                   l->n_experts);
}

void vf_lay_from_tensors(vf_builder *b, uint32_t i, vf_layer *l) {
  const vf_seen *s = &b->seen[i];
  bool attends = (l->mixers & VF_MIX_ATTENTION) != 0;
  bool rwkv = has_weight(s, VF_ROLE_CHANNEL_MIX_MATRIX);
  uint32_t shared = vf_hparam_at(&b->h, VF_HP_KV_SHARED, i, 0); /* of the layers, the last ones */
  l->n_ff = rwkv ? vf_hparam_need(&b->h, VF_HP_N_FF, i) : narrow(s->ff_down);
  l->n_ff_shared = narrow(s->ff_shared);
  if (s->n_experts != 0) lay_experts(b, i, s, l);
  l->flags &= ~visible;
  l->flags |= norm_flags(s) | feed_forward_flags(s) | other_flags(s);
  if (l->mixers & VF_MIX_KDA) {
    l->ops |= when(!has_weight(s, VF_ROLE_SSM_F_B), VF_OPS_KDA_DIRECT);
    l->flags |= when(has_weight(s, VF_ROLE_ATTN_GATE), VF_LAYER_O_GATED);
  }
  if ((l->ops & VF_OPS_RWKV6) && !s->mixes_five) l->ops |= VF_OPS_UNKNOWN;
  if (has_weight(s, VF_ROLE_FFN_GATE_UP_EXPS)) l->ops |= VF_OPS_EXPERTS_FUSED;
  if (attends) l->flags |= attention_flags(b, s, l);
  bool latent = has_weight(s, VF_ROLE_ATTN_KV_A);
  if (!latent) l->kv_expanded = 0;
  bool index = has_weight(s, VF_ROLE_INDEXER_K) || has_weight(s, VF_ROLE_INDEXER_Q);
  if (latent && !index) l->index_heads = l->index_dim = 0;
  if (attends && s->k_out == 0 && !has_weight(s, VF_ROLE_ATTN_QKV) && !latent &&
      !has_weight(s, VF_ROLE_ATTN_KV) &&
      (!has_weight(s, VF_ROLE_ATTN_V) || i + shared >= b->m->n_layers))
    l->flags |= VF_LAYER_KV_SHARED;
  check_keys(b, i, s, l);
}
