/* attention.c - queries, keys, values and output; with an index, blocks of the cache are chosen. */
#include "models/mixers/mixer.h"

void vf_emit_qk_norms(vf_builder *b, int32_t i, const vf_layer *l) {
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

void vf_emit_attention(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, o = (uint64_t)l->n_heads * l->v_dim;
  add_qkv(b, i, l);
  vf_emit_qk_norms(b, i, l);
  if (has(l, VF_LAYER_SUB_NORMS)) add_norm(b, VF_ROLE_ATTN_SUB_NORM, i, l, o);
  add_matrix(b, VF_ROLE_ATTN_OUTPUT, i, o, d, has(l, VF_LAYER_OUT_BIAS));
  if (has(l, VF_LAYER_SINKS)) add(b, VF_ROLE_ATTN_SINKS, i, l->n_heads, 1);
  if (has(l, VF_LAYER_HEAD_GATE)) add(b, VF_ROLE_ATTN_GATE, i, d, l->n_heads);
  if (has(l, VF_LAYER_O_GATED)) add(b, VF_ROLE_ATTN_GATE, i, d, o);
  add_block_index(b, i, l);
}

/* Blocks of the cache are chosen by an index of their own, in layers that the config lists or that
 * have its matrices in a file. */
void vf_lay_block_index(vf_builder *b, uint32_t i, vf_layer *l) {
  vf_hparams *h = &b->h;
  if (l->kv_lora != 0 || !vf_hparam_given(h, VF_HP_INDEX_BLOCK)) return;
  bool sparse = b->seen != NULL
                    ? vf_seen_index(&b->seen[i])
                    : vf_builder_switch(b, "sparse_attention_config.sparse_attention_freq", i) > 0;
  if (!sparse) return;
  l->index_heads = vf_hparam_need(h, VF_HP_INDEX_HEADS, i);
  l->index_dim = vf_hparam_need(h, VF_HP_INDEX_DIM, i);
  l->index_block = vf_hparam_need(h, VF_HP_INDEX_BLOCK, i);
  l->index_kept = vf_hparam_at(h, VF_HP_INDEX_KEPT, i, 16);
}
