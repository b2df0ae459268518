/* latent.c - attention whose keys and values are compressed, and the indexer that chooses cells for
 * it. */
#include "models/mixers/mixer.h"

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
void vf_emit_latent(vf_builder *b, int32_t i, const vf_layer *l) {
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

/* Keys of a latent attention are a part without position and a rotated one. */
void vf_lay_latent(vf_builder *b, uint32_t i, vf_layer *l) {
  vf_hparams *h = &b->h;
  if (!vf_hparam_given(h, VF_HP_KV_LORA)) return;
  bool expanded = b->gguf && !vf_hparam_given(h, VF_HP_K_DIM_MLA);
  if (expanded) {
    l->kv_expanded = vf_hparam_need(h, VF_HP_KV_LORA, i);
    l->q_lora = vf_hparam_at(h, VF_HP_Q_LORA, i, 0);
    l->rope_dim = vf_hparam_at(h, VF_HP_ROPE_DIM, i, 0);
    return;
  }
  l->kv_lora = vf_hparam_need(h, VF_HP_KV_LORA, i);
  l->q_lora = vf_hparam_at(h, VF_HP_Q_LORA, i, 0);
  l->rope_dim = vf_hparam_need(h, VF_HP_ROPE_DIM, i);
  l->n_kv_heads = l->n_heads;
  if (b->gguf) {
    l->k_dim = vf_hparam_need(h, VF_HP_K_DIM_MLA, i);
    l->v_dim = vf_hparam_need(h, VF_HP_V_DIM_MLA, i);
  } else {
    l->k_dim = vf_hparam_need(h, VF_HP_NOPE_DIM, i) + l->rope_dim;
    l->v_dim = vf_hparam_need(h, VF_HP_V_DIM, i);
  }
  if (l->k_dim <= l->rope_dim)
    vf_hparam_fail(h, VF_HP_ROPE_DIM, VF_MALFORMED, "the rotated part is no part of a head of %u",
                   l->k_dim);
  if (!vf_hparam_given(h, VF_HP_INDEX_HEADS)) return;
  l->index_heads = vf_hparam_at(h, VF_HP_INDEX_HEADS, i, 0);
  l->index_dim = vf_hparam_need(h, VF_HP_INDEX_DIM, i);
  l->index_kept = vf_hparam_at(h, VF_HP_INDEX_KEPT, i, 2048);
}
