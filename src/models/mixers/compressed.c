/* compressed.c - attention with one head for keys and values alike, whose queries and results go
 * through narrow matrices; beside a window it may read keys that stand for several tokens each.
 *
 * Source: vllm/models/deepseek_v4/attention.py and compressor.py (017e9f4448).  The two published
 * checkpoints have as many numbers as these shapes make, to the last one. */
#include "models/mixers/mixer.h"

/* What makes one key of several tokens: keys, a gate, a bias for each place, a norm.  The finest
 * keys overlap, and are made twice. */
static void add_compressor(vf_builder *b, vf_role matrix, vf_role rest, int32_t i,
                           const vf_layer *l, uint64_t dim) {
  uint64_t width = (l->index_heads != 0 ? 2 : 1) * dim;
  add(b, matrix, i, b->m->n_embd, width);
  add(b, matrix, i, b->m->n_embd, width);
  add(b, rest, i, width, l->compress);
  add(b, rest, i, dim, 1);
}

static void add_index(vf_builder *b, int32_t i, const vf_layer *l) {
  if (l->index_heads == 0) return;
  add(b, VF_ROLE_INDEXER_Q, i, l->q_lora, (uint64_t)l->index_heads * l->index_dim);
  add(b, VF_ROLE_INDEXER_PROJ, i, b->m->n_embd, l->index_heads);
  add_compressor(b, VF_ROLE_INDEXER_COMPRESSOR, VF_ROLE_INDEXER_COMPRESSOR_KEEP32, i, l,
                 l->index_dim);
}

void vf_emit_compressed(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, q = (uint64_t)l->n_heads * l->k_dim;
  add(b, VF_ROLE_ATTN_Q_A, i, d, l->q_lora);
  add(b, VF_ROLE_ATTN_Q_A_NORM, i, l->q_lora, 1);
  add(b, VF_ROLE_ATTN_Q_B, i, l->q_lora, q);
  add(b, VF_ROLE_ATTN_KV, i, d, l->k_dim);
  add(b, VF_ROLE_ATTN_KV_A_NORM, i, l->k_dim, 1);
  add3(b, VF_ROLE_ATTN_O_A, i, q / l->o_groups, l->o_lora, l->o_groups);
  add(b, VF_ROLE_ATTN_O_B, i, (uint64_t)l->o_groups * l->o_lora, d);
  add(b, VF_ROLE_ATTN_SINKS, i, l->n_heads, 1);
  if (l->compress == 0) return;
  add_compressor(b, VF_ROLE_COMPRESSOR, VF_ROLE_COMPRESSOR_KEEP32, i, l, l->k_dim);
  add_index(b, i, l);
}

void vf_lay_compressed(vf_builder *b, uint32_t i, vf_layer *l) {
  enum { INDEXED = 4 };
  vf_hparams *h = &b->h;
  l->v_dim = 0;
  l->compress =
      b->gguf ? vf_hparam_at(h, VF_HP_COMPRESS, i, 0) : vf_hparam_need(h, VF_HP_COMPRESS, i);
  l->index_heads = l->index_dim = 0;
  l->q_lora = vf_hparam_need(h, VF_HP_Q_LORA, i);
  l->o_lora = vf_hparam_need(h, VF_HP_O_LORA, i);
  l->o_groups = vf_hparam_need(h, VF_HP_O_GROUPS, i);
  l->rope_dim = vf_hparam_need(h, VF_HP_ROPE_DIM, i);
  if (h->status == VF_OK && (l->n_heads % l->o_groups != 0 || l->n_kv_heads != 1))
    vf_hparam_fail(h, VF_HP_O_GROUPS, VF_MALFORMED,
                   "%u heads do not divide into %u groups, or there is more than one for keys",
                   l->n_heads, l->o_groups);
  if (l->compress != INDEXED) return;
  l->index_heads = vf_hparam_need(h, VF_HP_INDEX_HEADS, i);
  l->index_dim = vf_hparam_need(h, VF_HP_INDEX_DIM, i);
  l->index_kept = vf_hparam_at(h, VF_HP_INDEX_KEPT, i, 0);
}
