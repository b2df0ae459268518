/* emit.c - the tensors that a description of layers needs.
 *
 * Sources: transformers' modeling files for which projections a model has and which of them carry
 * a bias; llama.cpp's src/llama-model.cpp and conversion scripts for the form they take in GGUF. */
#include <string.h>

#include "base/status.h"
#include "models/builder.h"

/* ---- One tensor ------------------------------------------------------------------------- */

void vf_builder_add(vf_builder *b, vf_tensor t) {
  if (b->status != VF_OK) return;
  if (b->m->n_tensors == b->tensor_capacity) {
    b->status = vf_fail(b->err, VF_LIMIT, "more tensors than an architecture can have");
    return;
  }
  b->status = vf_tensor_store(&t, VF_FORMAT_F32, b->err);
  if (t.ne[0] == 0 || t.ne[1] == 0 || t.ne[2] == 0) return;
  b->m->tensors[b->m->n_tensors++] = t;
}

/* A weight of in x out, `depth` of them in one; a vector has out = 1. */
static void add3(vf_builder *b, vf_role role, int32_t layer, uint64_t in, uint64_t out,
                 uint64_t depth) {
  vf_builder_add(b, (vf_tensor){.ne = {in, out, depth, 1},
                                .count = 1,
                                .layer = layer,
                                .role = (uint16_t)role,
                                .suffix = VF_SUFFIX_WEIGHT});
}

static void add(vf_builder *b, vf_role role, int32_t layer, uint64_t in, uint64_t out) {
  add3(b, role, layer, in, out, 1);
}

static void add_bias(vf_builder *b, vf_role role, int32_t layer, uint64_t n, uint64_t depth) {
  vf_builder_add(b, (vf_tensor){.ne = {n, depth, 1, 1},
                                .count = 1,
                                .layer = layer,
                                .role = (uint16_t)role,
                                .suffix = VF_SUFFIX_BIAS});
}

/* A tensor whose name ends in neither weight nor bias. */
static void add_bare(vf_builder *b, vf_role role, int32_t layer, uint64_t in, uint64_t out) {
  vf_builder_add(b, (vf_tensor){.ne = {in, out, 1, 1},
                                .count = 1,
                                .layer = layer,
                                .role = (uint16_t)role,
                                .suffix = VF_SUFFIX_NONE});
}

static void add_matrix(vf_builder *b, vf_role role, int32_t layer, uint64_t in, uint64_t out,
                       bool bias) {
  add(b, role, layer, in, out);
  if (bias) add_bias(b, role, layer, out, 1);
}

static bool has(const vf_layer *l, uint64_t flag) {
  return (l->flags & flag) != 0;
}

static void add_norm(vf_builder *b, vf_role role, int32_t i, const vf_layer *l, uint64_t n) {
  add(b, role, i, n, 1);
  if (has(l, VF_LAYER_NORM_BIAS)) add_bias(b, role, i, n, 1);
}

/* ---- Attention -------------------------------------------------------------------------- */

static void add_qk_norms(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t q = 0, k = 0;
  if (has(l, VF_LAYER_QK_NORM)) q = k = l->k_dim;
  if (has(l, VF_LAYER_QK_NORM_FULL | VF_LAYER_QK_NORM_ALL_HEADS)) {
    q = (uint64_t)l->n_heads * l->k_dim;
    k = (uint64_t)l->n_kv_heads * l->k_dim;
  }
  add(b, VF_ROLE_ATTN_Q_NORM, i, q, 1);
  if (!has(l, VF_LAYER_KV_SHARED)) add(b, VF_ROLE_ATTN_K_NORM, i, k, 1);
}

static void add_qkv(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, q = (uint64_t)l->n_heads * l->k_dim;
  uint64_t k = (uint64_t)l->n_kv_heads * l->k_dim, v = (uint64_t)l->n_kv_heads * l->v_dim;
  bool bias = has(l, VF_LAYER_QKV_BIAS);
  if (has(l, VF_LAYER_TWO_STATES)) d *= 2;
  if (has(l, VF_LAYER_QKV_FUSED)) {
    add_matrix(b, VF_ROLE_ATTN_QKV, i, d, q + k + v, bias);
    return;
  }
  add_matrix(b, VF_ROLE_ATTN_Q, i, d, has(l, VF_LAYER_Q_GATED) ? 2 * q : q, bias);
  if (has(l, VF_LAYER_KV_SHARED)) return;
  add_matrix(b, VF_ROLE_ATTN_K, i, d, k, bias && !has(l, VF_LAYER_K_UNBIASED));
  if (!has(l, VF_LAYER_K_IS_V)) add_matrix(b, VF_ROLE_ATTN_V, i, d, v, bias);
}

static void add_block_index(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd;
  if (l->index_block == 0) return;
  add(b, VF_ROLE_INDEXER_Q_PROJ, i, d, (uint64_t)l->index_heads * l->index_dim);
  add(b, VF_ROLE_INDEXER_K_PROJ, i, d, l->index_dim);
  add(b, VF_ROLE_INDEXER_Q_NORM, i, l->index_dim, 1);
  add(b, VF_ROLE_INDEXER_K_NORM, i, l->index_dim, 1);
}

static void add_attention(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, o = (uint64_t)l->n_heads * l->v_dim;
  add_qkv(b, i, l);
  add_qk_norms(b, i, l);
  if (has(l, VF_LAYER_SUB_NORMS)) add_norm(b, VF_ROLE_ATTN_SUB_NORM, i, l, o);
  add_matrix(b, VF_ROLE_ATTN_OUTPUT, i, o, d, has(l, VF_LAYER_OUT_BIAS));
  if (has(l, VF_LAYER_SINKS)) add(b, VF_ROLE_ATTN_SINKS, i, l->n_heads, 1);
  if (has(l, VF_LAYER_HEAD_GATE)) add(b, VF_ROLE_ATTN_GATE, i, d, l->n_heads);
  if (has(l, VF_LAYER_O_GATED)) add(b, VF_ROLE_ATTN_GATE, i, d, o);
  add_block_index(b, i, l);
}

static void add_indexer(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd;
  if (l->index_heads == 0) return;
  add(b, VF_ROLE_INDEXER_Q, i, l->q_lora, (uint64_t)l->index_heads * l->index_dim);
  add(b, VF_ROLE_INDEXER_K, i, d, l->index_dim);
  add(b, VF_ROLE_INDEXER_K_NORM, i, l->index_dim, 1);
  add_bias(b, VF_ROLE_INDEXER_K_NORM, i, l->index_dim, 1);
  add(b, VF_ROLE_INDEXER_PROJ, i, d, l->index_heads);
}

/* In GGUF the matrix from the latent to keys and values is stored as two, the keys' transposed. */
static void add_latent_attention(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, heads = l->n_heads, q = heads * l->k_dim;
  uint64_t nope = l->k_dim - l->rope_dim;
  add(b, VF_ROLE_ATTN_Q_A_NORM, i, l->q_lora, 1);
  add(b, VF_ROLE_ATTN_Q_A, i, d, l->q_lora);
  if (l->q_lora != 0)
    add(b, VF_ROLE_ATTN_Q_B, i, l->q_lora, q);
  else
    add(b, VF_ROLE_ATTN_Q, i, d, q);
  add(b, VF_ROLE_ATTN_KV_A_NORM, i, l->kv_lora, 1);
  add(b, VF_ROLE_ATTN_KV_A, i, d, (uint64_t)l->kv_lora + l->rope_dim);
  add3(b, VF_ROLE_ATTN_K_B, i, nope, l->kv_lora, heads);
  add3(b, VF_ROLE_ATTN_V_B, i, l->kv_lora, l->v_dim, heads);
  add(b, VF_ROLE_ATTN_OUTPUT, i, heads * l->v_dim, d);
  if (has(l, VF_LAYER_O_GATED)) add(b, VF_ROLE_ATTN_GATE, i, d, heads * l->v_dim);
  add_indexer(b, i, l);
}

static void add_cross_attention(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, q = (uint64_t)l->n_heads * l->k_dim;
  uint64_t k = (uint64_t)l->n_kv_heads * l->k_dim, v = (uint64_t)l->n_kv_heads * l->v_dim;
  bool bias = has(l, VF_LAYER_QKV_BIAS);
  bool alone = (l->mixers & VF_MIX_ATTENTION) == 0; /* then the layer's own norm serves */
  if (!has(l, VF_LAYER_NO_NORMS) && !alone) add_norm(b, VF_ROLE_CROSS_ATTN_NORM, i, l, d);
  add_matrix(b, VF_ROLE_CROSS_ATTN_Q, i, d, q, bias);
  add_matrix(b, VF_ROLE_CROSS_ATTN_K, i, d, k, bias && !has(l, VF_LAYER_K_UNBIASED));
  add_matrix(b, VF_ROLE_CROSS_ATTN_V, i, d, v, bias);
  add_matrix(b, VF_ROLE_CROSS_ATTN_OUTPUT, i, q, d, has(l, VF_LAYER_OUT_BIAS));
  if (!has(l, VF_LAYER_CROSS_GATES)) return;
  add_qk_norms(b, i, l);
  add(b, VF_ROLE_CROSS_ATTN_GATE, i, 1, 1);
  add(b, VF_ROLE_CROSS_FFN_GATE, i, 1, 1);
}

/* ---- Recurrent parts -------------------------------------------------------------------- */

static void add_mamba1(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, inner = l->inner, state = l->state, rank = l->rank;
  bool bias = has(l, VF_LAYER_SSM_BIAS);
  add_matrix(b, VF_ROLE_SSM_IN, i, d, 2 * inner, bias);
  add_matrix(b, VF_ROLE_SSM_CONV, i, l->conv, inner, false);
  add_bias(b, VF_ROLE_SSM_CONV, i, inner, 1);
  add(b, VF_ROLE_SSM_X, i, inner, rank + 2 * state);
  add_matrix(b, VF_ROLE_SSM_DT, i, rank, inner, true);
  add_bare(b, VF_ROLE_SSM_A, i, state, inner);
  add_bare(b, VF_ROLE_SSM_D, i, inner, 1);
  add_matrix(b, VF_ROLE_SSM_OUT, i, inner, d, bias);
  if (!has(l, VF_LAYER_SSM_NORMS)) return;
  add(b, VF_ROLE_SSM_DT_NORM, i, rank, 1);
  add(b, VF_ROLE_SSM_B_NORM, i, state, 1);
  add(b, VF_ROLE_SSM_C_NORM, i, state, 1);
}

static void add_mamba2(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, inner = l->inner, bc = 2ull * l->groups * l->state, heads = l->rank;
  bool bias = has(l, VF_LAYER_SSM_BIAS);
  add_matrix(b, VF_ROLE_SSM_IN, i, d, 2 * inner + bc + heads, bias);
  add(b, VF_ROLE_SSM_CONV, i, l->conv, inner + bc);
  add_bias(b, VF_ROLE_SSM_CONV, i, inner + bc, 1);
  add_bias(b, VF_ROLE_SSM_DT, i, heads, 1);
  add_bare(b, VF_ROLE_SSM_A, i, 1, heads);
  add_bare(b, VF_ROLE_SSM_D, i, 1, heads);
  if (has(l, VF_LAYER_SSM_NORM)) add(b, VF_ROLE_SSM_NORM, i, inner / l->groups, l->groups);
  add_matrix(b, VF_ROLE_SSM_OUT, i, inner, d, bias);
}

static void add_delta_net(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, keys = (uint64_t)l->groups * l->state, heads = l->rank;
  add(b, VF_ROLE_ATTN_QKV, i, d, 2 * keys + l->inner);
  add(b, VF_ROLE_ATTN_GATE, i, d, l->inner);
  add(b, VF_ROLE_SSM_CONV, i, l->conv, 2 * keys + l->inner);
  add_bias(b, VF_ROLE_SSM_DT, i, heads, 1);
  add_bare(b, VF_ROLE_SSM_A, i, heads, 1);
  if (has(l, VF_LAYER_BA_FUSED)) {
    add(b, VF_ROLE_SSM_BETA_ALPHA, i, d, 2 * heads);
  } else {
    add(b, VF_ROLE_SSM_BETA, i, d, heads);
    add(b, VF_ROLE_SSM_ALPHA, i, d, heads);
  }
  add(b, VF_ROLE_SSM_NORM, i, l->inner / heads, 1);
  add(b, VF_ROLE_SSM_OUT, i, l->inner, d);
}

static void add_kda(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, inner = l->inner, dim = l->state, heads = l->rank;
  static const vf_role projections[] = {VF_ROLE_ATTN_Q, VF_ROLE_ATTN_K, VF_ROLE_ATTN_V};
  static const vf_role convs[] = {VF_ROLE_SSM_CONV_Q, VF_ROLE_SSM_CONV_K, VF_ROLE_SSM_CONV_V};
  for (int p = 0; p < 3; p++) {
    add(b, projections[p], i, d, inner);
    add(b, convs[p], i, l->conv, inner);
  }
  add_bare(b, VF_ROLE_SSM_A, i, 1, heads);
  add(b, VF_ROLE_SSM_F_A, i, d, dim);
  add(b, VF_ROLE_SSM_F_B, i, dim, inner);
  add_bias(b, VF_ROLE_SSM_DT, i, inner, 1);
  add(b, VF_ROLE_SSM_BETA, i, d, heads);
  if (has(l, VF_LAYER_O_GATED)) {
    add(b, VF_ROLE_ATTN_GATE, i, d, inner);
  } else {
    add(b, VF_ROLE_SSM_G_A, i, d, dim);
    add(b, VF_ROLE_SSM_G_B, i, dim, inner);
  }
  add(b, VF_ROLE_SSM_NORM, i, dim, 1);
  add(b, VF_ROLE_ATTN_OUTPUT, i, inner, d);
}

static void add_short_convolution(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd;
  add(b, VF_ROLE_SHORTCONV_CONV, i, l->conv, d);
  add(b, VF_ROLE_SHORTCONV_IN, i, d, 3 * d);
  add(b, VF_ROLE_SHORTCONV_OUT, i, d, d);
}

/* Queries, keys and values in one, a gate of the result, a norm before the output. */
static void add_lightning_attention(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, inner = (uint64_t)l->n_heads * l->k_dim;
  add(b, VF_ROLE_ATTN_QKV, i, d, 3 * inner);
  add(b, VF_ROLE_ATTN_GATE, i, d, inner);
  add(b, VF_ROLE_SSM_NORM, i, inner, 1);
  add(b, VF_ROLE_ATTN_OUTPUT, i, inner, d);
}

/* Layer 0 has no value of an earlier layer to mix in; its matrices have the rate's rank. */
static void add_rwkv(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, ff = l->n_ff;
  uint64_t value = i == 0 ? l->low_rank[1] : l->low_rank[2];
  const uint64_t halves[] = {l->low_rank[1], value, l->low_rank[3]};
  add(b, VF_ROLE_TIME_MIX_KEEP32, i, d, 1);
  add(b, VF_ROLE_TIME_MIX_KEEP32, i, d, l->low_rank[0]);
  add(b, VF_ROLE_TIME_MIX_KEEP32, i, l->low_rank[0], d);
  for (int n = 0; n < 3; n++) {
    add(b, VF_ROLE_TIME_MIX_KEEP16, i, d, halves[n]);
    add(b, VF_ROLE_TIME_MIX_KEEP16, i, halves[n], d);
  }
  vf_builder_add(b, (vf_tensor){{d, 1, 1, 6}, 0, 1, i, VF_ROLE_TIME_MIX_KEEP32, 0, 0});
  for (int n = 0; n < 5; n++) add(b, VF_ROLE_TIME_MIX_KEEP32, i, d, 1);
  for (int n = 0; n < 4; n++) add(b, VF_ROLE_TIME_MIX_MATRIX, i, d, d);
  add(b, VF_ROLE_TIME_MIX_KEEP32, i, d, 1);
  add_bias(b, VF_ROLE_TIME_MIX_KEEP32, i, d, 1);
  add(b, VF_ROLE_CHANNEL_MIX_KEEP32, i, d, 1);
  add(b, VF_ROLE_CHANNEL_MIX_MATRIX, i, d, ff);
  add(b, VF_ROLE_CHANNEL_MIX_MATRIX, i, ff, d);
}

/* ---- Feed-forward ----------------------------------------------------------------------- */

static void add_dense(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, ff = l->n_ff;
  bool bias = has(l, VF_LAYER_FFN_BIAS), fused = has(l, VF_LAYER_FFN_FUSED);
  if (!fused && !has(l, VF_LAYER_FFN_PLAIN)) add_matrix(b, VF_ROLE_FFN_GATE, i, d, ff, bias);
  add_matrix(b, VF_ROLE_FFN_UP, i, d, fused ? 2 * ff : ff, bias);
  add_matrix(b, VF_ROLE_FFN_DOWN, i, ff, d, bias);
}

static void add_experts(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, ff = l->n_ff_expert, n = l->n_experts;
  uint64_t width = l->expert_embd != 0 ? l->expert_embd : d;
  bool bias = has(l, VF_LAYER_EXPERT_BIAS), gate = !has(l, VF_LAYER_FFN_PLAIN);
  add_matrix(b, VF_ROLE_FFN_ROUTER, i, d, n, has(l, VF_LAYER_ROUTER_BIAS));
  if (has(l, VF_LAYER_PROBS_BIAS)) add_bias(b, VF_ROLE_FFN_ROUTER_BIAS, i, n, 1);
  if (gate) add3(b, VF_ROLE_FFN_GATE_EXPS, i, width, ff, n);
  add3(b, VF_ROLE_FFN_UP_EXPS, i, width, ff, n);
  add3(b, VF_ROLE_FFN_DOWN_EXPS, i, ff, width, n);
  if (bias && gate) add_bias(b, VF_ROLE_FFN_GATE_EXPS, i, ff, n);
  if (bias) add_bias(b, VF_ROLE_FFN_UP_EXPS, i, ff, n);
  if (bias) add_bias(b, VF_ROLE_FFN_DOWN_EXPS, i, width, n);
  if (l->expert_embd == 0) return;
  add(b, VF_ROLE_FFN_LATENT_DOWN, i, d, width);
  add(b, VF_ROLE_FFN_LATENT_UP, i, width, d);
  if (has(l, VF_LAYER_LATENT_NORM)) add(b, VF_ROLE_FFN_LATENT_NORM, i, width, 1);
}

static void add_shared_expert(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, ff = l->n_ff_shared;
  if (ff == 0) return;
  if (!has(l, VF_LAYER_FFN_PLAIN)) add(b, VF_ROLE_FFN_GATE_SHEXP, i, d, ff);
  add(b, VF_ROLE_FFN_UP_SHEXP, i, d, ff);
  add(b, VF_ROLE_FFN_DOWN_SHEXP, i, ff, d);
  if (has(l, VF_LAYER_SHEXP_GATE)) add(b, VF_ROLE_FFN_SHEXP_GATE, i, d, 1);
}

static bool has_feed_forward(const vf_layer *l) {
  return (l->n_ff != 0 || l->n_experts != 0) && (l->mixers & VF_MIX_RWKV) == 0;
}

static void add_feed_forward(vf_builder *b, int32_t i, const vf_layer *l) {
  bool both = l->n_experts != 0 && l->n_ff != 0;
  if (l->n_ff != 0) add_dense(b, i, l);
  if (l->n_experts != 0) add_experts(b, i, l);
  add_shared_expert(b, i, l);
  if (!both) return;
  add(b, VF_ROLE_FFN_PRE_NORM_2, i, b->m->n_embd, 1);
  add(b, VF_ROLE_FFN_POST_NORM_1, i, b->m->n_embd, 1);
  add(b, VF_ROLE_FFN_POST_NORM_2, i, b->m->n_embd, 1);
  add(b, VF_ROLE_FFN_ROUTER_SCALE, i, b->m->n_embd, 1);
  add(b, VF_ROLE_FFN_EXPERT_SCALE, i, l->n_experts, 1);
}

/* ---- Further inputs of a layer ---------------------------------------------------------- */

static void add_layer_input(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, n = l->altup;
  if (l->embd_per_layer == 0) return;
  add(b, VF_ROLE_INP_GATE, i, d, l->embd_per_layer);
  add(b, VF_ROLE_INP_PROJ, i, l->embd_per_layer, d);
  add(b, VF_ROLE_INP_POST_NORM, i, d, 1);
  if (n == 0) return;
  add(b, VF_ROLE_ALTUP_KEEP32, i, n, n);
  add(b, VF_ROLE_ALTUP_KEEP32, i, d, 1);
  add(b, VF_ROLE_ALTUP_KEEP32, i, n, n * n);
  add(b, VF_ROLE_ALTUP_ROUTER, i, d, n);
  add(b, VF_ROLE_ALTUP_KEEP32, i, d, 1);
  add(b, VF_ROLE_LAUREL, i, d, l->laurel);
  add(b, VF_ROLE_LAUREL, i, l->laurel, d);
  add(b, VF_ROLE_LAUREL_NORM, i, d, 1);
}

static void add_mtp(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd;
  if (!has(l, VF_LAYER_MTP)) return;
  add(b, VF_ROLE_NEXTN_PROJ, i, 2 * d, d);
  for (int n = 0; n < 3; n++) add(b, VF_ROLE_NEXTN_NORM, i, d, 1);
  if (!has(l, VF_LAYER_MTP_HEAD)) return;
  add(b, VF_ROLE_NEXTN_EMBD, i, d, b->m->n_vocab);
  add(b, VF_ROLE_NEXTN_HEAD, i, d, b->m->n_vocab);
}

/* ---- A layer ---------------------------------------------------------------------------- */

static void add_mixers(vf_builder *b, int32_t i, const vf_layer *l) {
  if (l->mixers & VF_MIX_ATTENTION) {
    if (l->kv_lora != 0)
      add_latent_attention(b, i, l);
    else
      add_attention(b, i, l);
  }
  if (l->mixers & VF_MIX_CROSS) add_cross_attention(b, i, l);
  if (l->mixers & VF_MIX_MAMBA1) add_mamba1(b, i, l);
  if (l->mixers & VF_MIX_MAMBA2) add_mamba2(b, i, l);
  if (l->mixers & VF_MIX_DELTA) add_delta_net(b, i, l);
  if (l->mixers & VF_MIX_KDA) add_kda(b, i, l);
  if (l->mixers & VF_MIX_SHORTCONV) add_short_convolution(b, i, l);
  if (l->mixers & VF_MIX_LINEAR) add_lightning_attention(b, i, l);
  if (l->mixers & VF_MIX_RWKV) add_rwkv(b, i, l);
}

static void add_layer(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd;
  bool mixes = l->mixers != 0, feeds = has_feed_forward(l);
  bool ff_norm = feeds && mixes && !has(l, VF_LAYER_NO_NORMS | VF_LAYER_ONE_NORM);
  if (!mixes && !feeds) return;
  if (!has(l, VF_LAYER_NO_NORMS)) add_norm(b, VF_ROLE_ATTN_NORM, i, l, d);
  bool two = (l->mixers & VF_MIX_RWKV) != 0 || has(l, VF_LAYER_TWO_STATES);
  if (two) add_norm(b, VF_ROLE_ATTN_NORM_2, i, l, d);
  add_mixers(b, i, l);
  if (has(l, VF_LAYER_POST_NORMS)) add_norm(b, VF_ROLE_ATTN_POST_NORM, i, l, d);
  if (ff_norm) add_norm(b, VF_ROLE_FFN_NORM, i, l, d);
  if (feeds) add_feed_forward(b, i, l);
  if (has(l, VF_LAYER_POST_NORMS)) add_norm(b, VF_ROLE_FFN_POST_NORM, i, l, d);
  if (has(l, VF_LAYER_OUT_SCALE)) add(b, VF_ROLE_LAYER_OUTPUT_SCALE, i, 1, 1);
  add_layer_input(b, i, l);
  add_mtp(b, i, l);
}

/* ---- Around the layers ------------------------------------------------------------------ */

static void add_inputs(vf_builder *b) {
  vf_model *m = b->m;
  const vf_layer *l = &m->layers[0];
  uint64_t d = m->n_embd, embd = vf_hparam_at(&b->h, VF_HP_WORD_EMBD, 0, (uint32_t)d);
  uint64_t more = b->arch->traits & VF_TRAIT_MORE_ROWS ? 8 : 0; /* rows for images, not outputs */
  if ((b->arch->traits & VF_TRAIT_NO_EMBD) == 0)
    add(b, VF_ROLE_TOKEN_EMBD, -1, embd, m->n_vocab + more);
  if (embd != d) {
    add(b, VF_ROLE_INP_PROJ_IN, -1, embd, d);
    add(b, VF_ROLE_INP_PROJ_OUT, -1, d, embd);
  }
  if (b->arch->traits & VF_TRAIT_POSITIONS) {
    uint64_t offset = strcmp(b->arch->model_type, "opt") == 0 ? 2 : 0;
    add(b, VF_ROLE_POSITION_EMBD, -1, d, m->max_ctx_tokens + offset);
  }
  if (b->arch->traits & VF_TRAIT_TYPES)
    add(b, VF_ROLE_TOKEN_TYPES, -1, d, vf_hparam_at(&b->h, VF_HP_TYPES, 0, 2));
  if (b->arch->traits & VF_TRAIT_EMBD_NORM) add_norm(b, VF_ROLE_TOKEN_EMBD_NORM, -1, l, d);
  if (l->embd_per_layer == 0) return;
  uint64_t all = (uint64_t)l->embd_per_layer * m->n_layers;
  uint64_t vocab = vf_hparam_at(&b->h, VF_HP_VOCAB_PER_LAYER, 0, (uint32_t)m->n_vocab);
  add(b, VF_ROLE_PER_LAYER_TOKEN_EMBD, -1, all, vocab);
  add(b, VF_ROLE_PER_LAYER_MODEL_PROJ, -1, d, all);
  add(b, VF_ROLE_PER_LAYER_PROJ_NORM, -1, l->embd_per_layer, 1);
  if (l->altup < 2) return;
  add3(b, VF_ROLE_ALTUP_PROJ, -1, d, d, l->altup - 1);
  add3(b, VF_ROLE_ALTUP_UNEMBD_PROJ, -1, d, d, l->altup - 1);
}

/* What leads from the hidden states of a model to its draft. */
static void add_draft(vf_builder *b) {
  uint64_t d = b->m->n_embd;
  uint32_t width = vf_hparam_at(&b->h, VF_HP_TARGET_EMBD, 0, (uint32_t)d);
  if ((b->arch->traits & VF_TRAIT_DRAFT) == 0) return;
  add(b, VF_ROLE_INP_PROJ_IN, -1, (uint64_t)vf_draft_states(b) * width, d);
  if (b->arch->traits & VF_TRAIT_NO_EMBD) add(b, VF_ROLE_TOKEN_EMBD_NORM, -1, d, 1);
}

/* An encoder of its own: its norm, and how it tells places apart (T5: a bias per distance and head
 * in the first layer of each half; Whisper: two convolutions and a table of positions). */
static void add_encoder(vf_builder *b) {
  enum { T5_BUCKETS = 32, WHISPER_KERNEL = 3, WHISPER_FRAMES = 1500 };
  vf_model *m = b->m;
  const vf_layer *l = &m->layers[0];
  uint64_t d = m->n_embd, mel = vf_hparam_at(&b->h, VF_HP_MEL_BINS, 0, 0);
  if ((b->arch->traits & VF_TRAIT_ENCODER_DECODER) == 0) return;
  add_norm(b, VF_ROLE_ENCODER_NORM, -1, l, d);
  if (mel == 0) {
    add(b, VF_ROLE_ENCODER_REL_B, -1, l->n_heads, T5_BUCKETS);
    add(b, VF_ROLE_ENCODER_REL_B, -1, l->n_heads, T5_BUCKETS);
    return;
  }
  add3(b, VF_ROLE_ENCODER_CONV, -1, WHISPER_KERNEL, mel, d);
  add_bias(b, VF_ROLE_ENCODER_CONV, -1, d, 1);
  add3(b, VF_ROLE_ENCODER_CONV, -1, WHISPER_KERNEL, d, d);
  add_bias(b, VF_ROLE_ENCODER_CONV, -1, d, 1);
  add(b, VF_ROLE_POSITION_EMBD, -1, d,
      vf_hparam_at(&b->h, VF_HP_SOURCE_POSITIONS, 0, WHISPER_FRAMES));
}

static void add_outputs(vf_builder *b) {
  vf_model *m = b->m;
  const vf_layer *l = &m->layers[0];
  uint32_t traits = b->arch->traits;
  if (traits & VF_TRAIT_NO_OUTPUT) return;
  bool norm =
      (traits & VF_TRAIT_NO_OUTPUT_NORM) == 0 && vf_builder_flag(b, "do_layer_norm_before", true);
  if (norm) add_norm(b, VF_ROLE_OUTPUT_NORM, -1, l, m->n_embd);
  uint64_t rows = vf_hparam_at(&b->h, VF_HP_DRAFT_VOCAB, 0, (uint32_t)m->n_vocab);
  bool own = !m->tied || (traits & VF_TRAIT_DRAFT) != 0;
  if (own && (traits & VF_TRAIT_NO_EMBD) == 0) add(b, VF_ROLE_OUTPUT, -1, m->n_embd, rows);
  if (traits & VF_TRAIT_HEAD_BIAS) add_bias(b, VF_ROLE_OUTPUT, -1, m->n_vocab, 1);
}

/* Newer configs call it rope_parameters and rope_type, older ones rope_scaling and type. */
static const char *rope_kind(const vf_facts *f) {
  static const char *const keys[] = {"rope_scaling.rope_type", "rope_scaling.type",
                                     "rope_parameters.rope_type", "rope_parameters.type"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const char *kind = vf_facts_string(f, keys[i], NULL);
    if (kind != NULL) return kind;
  }
  return "";
}

/* Half of the rotated part of a head: partial_rotary_factor in thousandths, rounded like int(). */
static uint64_t rope_frequencies(const vf_builder *b) {
  const vf_fact *f = vf_facts_find(b->facts, "partial_rotary_factor");
  double factor = f != NULL && f->type == VF_FACT_FLOAT ? f->as.real : 1.0;
  if (!(factor > 0.0 && factor <= 1.0)) factor = 1.0;
  uint64_t permille = (uint64_t)(factor * 1000.0 + 0.5);
  return b->m->layers[0].k_dim * permille / 1000 / 2;
}

/* The converter writes computed frequencies as tensors for two kinds of rope scaling. */
static void add_rope_tables(vf_builder *b) {
  const char *kind = rope_kind(b->facts);
  uint64_t n = rope_frequencies(b);
  if (strcmp(kind, "llama3") == 0) add(b, VF_ROLE_ROPE_FREQS, -1, n, 1);
  if (strcmp(kind, "longrope") != 0 && strcmp(kind, "su") != 0) return;
  add(b, VF_ROLE_ROPE_LONG, -1, n, 1);
  add(b, VF_ROLE_ROPE_SHORT, -1, n, 1);
}

void vf_emit(vf_builder *b) {
  add_inputs(b);
  add_draft(b);
  add_encoder(b);
  for (uint32_t i = 0; i < b->m->n_layers && b->status == VF_OK; i++)
    add_layer(b, (int32_t)i, &b->m->layers[i]);
  add_outputs(b);
  add_rope_tables(b);
}
