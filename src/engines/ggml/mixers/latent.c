/* latent.c - attention whose keys and values are compressed, operation by operation: cached
 * compressed, cached as heads (files of old), and read where an indexer points. */
#include <stddef.h>

#include "base/checked.h"
#include "engines/ggml/mixers/attend.h"

/* The compressed query, if there is one, and the queries of all heads. */
static vf_ref latent_query(vf_ggml_builder *b, const vf_layer *l, vf_ref x, vf_ref *low) {
  uint64_t bytes = vf_build_tokens(b, (uint64_t)l->n_heads * l->k_dim);
  *low = 0;
  if (l->q_lora == 0) return vf_multiply(b, bytes, VF_ROLE_ATTN_Q, x);
  uint64_t width = vf_build_tokens(b, l->q_lora);
  *low = vf_norm(b, l, width, vf_multiply(b, width, VF_ROLE_ATTN_Q_A, x), VF_ROLE_ATTN_Q_A_NORM);
  return vf_multiply(b, bytes, VF_ROLE_ATTN_Q_B, *low);
}

/* ---- Read where an indexer points (DeepSeek 3.2, GLM 5) ---------------------------------

   The indexer's keys, one per token, have a cache of their own, rotated as quantized ones are.  Its
   queries come out of the compressed query; scores of all cells, one per token, are cut to the
   best, and a mask is made that is open there.  Zeros to open it with are a tensor per layer that
   lies in the buffer from the start. */

static void write_index(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t bytes = vf_build_tokens(b, l->index_dim);
  vf_ref weight = vf_weight(b, VF_ROLE_INDEXER_K_NORM), bias = vf_bias(b, VF_ROLE_INDEXER_K_NORM);
  vf_ref k = vf_new(b, bytes, vf_multiply(b, bytes, VF_ROLE_INDEXER_K, x));
  k = vf_over2(b, bytes, vf_over2(b, bytes, k, weight), bias);
  k = vf_rope(b, bytes, vf_view(k));
  k = vf_new2(b, bytes, b->in[VF_IN_INDEX_ROTATION], k);
  vf_sink(b, vf_slice(b, bytes, vf_view(k)), b->in[VF_IN_INDEX_K_IDS], vf_cache_backend(b));
}

/* The numbers of the cells to read; layers without an indexer take those of the last one that has.
 */
static vf_ref chosen_cells(vf_ggml_builder *b, const vf_layer *l, vf_ref x, vf_ref low) {
  uint64_t tokens = b->g->tokens, kept = vf_min_u64(l->index_kept, b->g->cells);
  uint64_t bytes = vf_build_tokens(b, (uint64_t)l->index_heads * l->index_dim);
  if (l->index_heads == 0) return b->chosen;
  vf_ref q = vf_rope(b, bytes, vf_view(vf_multiply(b, bytes, VF_ROLE_INDEXER_Q, low)));
  q = vf_new2(b, bytes, b->in[VF_IN_INDEX_ROTATION], q);
  uint64_t small = vf_build_tokens(b, l->index_heads);
  vf_ref w = vf_over(b, small, vf_view(vf_multiply(b, small, VF_ROLE_INDEXER_PROJ, x)));
  const vf_ref sources[] = {vf_view(q), w, b->in[VF_IN_INDEX_MASK]};
  vf_ref scores = vf_graph_op(&b->graph, VF_OP_NEW, vf_build_tokens(b, b->g->cells), sources, 3);
  vf_ref best = vf_new(b, vf_build_mul(b, kept, tokens, 4), scores);
  return vf_new(b, vf_build_mul(b, kept, tokens, 4), best);
}

/* The choice is kept as long as layers follow that have no indexer of their own. */
static vf_ref kept_choice(vf_ggml_builder *b, const vf_layer *l, vf_ref x, vf_ref low) {
  const vf_layer *next = b->layer + 1 < b->n_layers ? l + 1 : NULL;
  bool goes_on = next != NULL && next->index_kept != 0 && next->index_heads == 0;
  vf_ref chosen = chosen_cells(b, l, x, low);
  if (goes_on && b->chosen == 0) vf_graph_hold(&b->graph, chosen);
  if (!goes_on && b->chosen != 0) vf_graph_release(&b->graph, chosen);
  b->chosen = goes_on ? chosen : 0;
  return chosen;
}

/* The cache's mask, closed but for the chosen cells. */
static vf_ref open_mask(vf_ggml_builder *b, vf_ref chosen) {
  uint64_t bytes = vf_build_mul(b, b->g->tokens, b->g->cells, b->g->flash_attn ? 2 : 4);
  vf_ref zeros = b->layer < VF_ZEROS_MAX ? b->zeros[b->layer] : 0;
  if (zeros != 0 && b->layer != 0) vf_graph_release(&b->graph, zeros);
  vf_ref mask = vf_new(b, bytes, b->in[VF_IN_MASK]);
  const vf_ref sources[] = {vf_view(zeros), vf_view(chosen), vf_view(mask)};
  vf_expand(b, vf_graph_op(&b->graph, VF_OP_EXTERNAL, 0, sources, 3));
  return vf_new2(b, bytes, vf_view(mask), b->in[VF_IN_MASK]);
}

static vf_ref attend_where_chosen(vf_ggml_builder *b, const vf_layer *l, const vf_heads *s,
                                  vf_ref x, vf_ref low, vf_ref q, vf_ref k, vf_ref v) {
  if (l->index_kept == 0) return vf_attend(b, l, s, q, k, v);
  if (l->index_heads != 0) write_index(b, l, x);
  vf_expand(b, q);
  vf_write_cache(b, l, s, k, v);
  vf_ref mask = open_mask(b, kept_choice(b, l, x, low));
  vf_ref y = b->g->flash_attn ? vf_flash_attention(b, l, s, vf_view(q), mask)
                              : vf_plain_attention(b, l, s, vf_view(q), mask);
  vf_expand(b, y);
  return y;
}

/* ---- The cache is compressed ------------------------------------------------------------ */

/* A gate of the result, of each element or of each head. */
static vf_ref gated(vf_ggml_builder *b, const vf_layer *l, vf_ref y, vf_ref x) {
  uint64_t all = vf_build_tokens(b, (uint64_t)l->n_heads * l->v_dim);
  uint64_t one = vf_build_tokens(b, l->n_heads);
  if (vf_has(l, VF_LAYER_O_GATED))
    return vf_over2(b, all, y, vf_over(b, all, vf_multiply(b, all, VF_ROLE_ATTN_GATE, x)));
  if (!vf_has(l, VF_LAYER_HEAD_GATE)) return y;
  vf_ref gate = vf_over(b, one, vf_view(vf_multiply(b, one, VF_ROLE_ATTN_GATE, x)));
  y = vf_over2(b, all, vf_view(y), vf_view(gate));
  return l->ops & VF_OPS_ROTATED_NORM ? vf_view(y) : vf_new(b, all, y);
}

static vf_ref joined(vf_ggml_builder *b, uint64_t bytes, vf_ref x, vf_ref rope, bool rope_first) {
  return rope_first ? vf_new2(b, bytes, rope, x) : vf_new2(b, bytes, x, rope);
}

vf_ref vf_build_latent(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t heads = l->n_heads, rope = l->rope_dim, lora = l->kv_lora;
  const vf_heads s = {
      heads, 1, lora + rope, lora, vf_cells_of(b, l), l->v_dim, vf_window_index(b->model, l)};
  vf_ref narrow, q = latent_query(b, l, x, &narrow);
  vf_ref kv = vf_multiply(b, vf_build_tokens(b, lora + rope), VF_ROLE_ATTN_KV_A, x);
  bool rotates = !vf_has(l, VF_LAYER_NO_ROPE);
  vf_ref q_rope = vf_strided(q), k_rope = vf_strided(kv);
  if (l->ops & VF_OPS_ROTATED_NORM)
    k_rope = vf_norm(b, l, vf_build_tokens(b, rope), k_rope, VF_ROLE_ATTN_K_NORM);
  if (rotates) q_rope = vf_rope(b, vf_build_tokens(b, rope * heads), q_rope);
  if (rotates) k_rope = vf_rope(b, vf_build_tokens(b, rope), k_rope);
  uint64_t low = vf_build_tokens(b, lora);
  vf_ref c = vf_norm(b, l, low, vf_strided(kv), VF_ROLE_ATTN_KV_A_NORM);
  vf_ref absorbed = vf_multiply(b, heads * low, VF_ROLE_ATTN_K_B, vf_strided(q));
  bool rope_first = vf_rule(b, VF_RULE_MLA_ROPE_FIRST);
  q = joined(b, vf_build_tokens(b, s.k * heads), vf_view(absorbed), q_rope, rope_first);
  vf_ref k = joined(b, vf_build_tokens(b, s.k), vf_view(c), k_rope, rope_first);
  vf_ref y = attend_where_chosen(b, l, &s, x, narrow, q, k, vf_view(c));
  x = gated(b, l, y, x);
  return vf_multiply(b, vf_build_tokens(b, b->model->n_embd), VF_ROLE_ATTN_OUTPUT, x);
}

/* The same matrices where the cache has every head: keys and values are made from the latent first.
 */
vf_ref vf_build_expanded(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t heads = l->n_heads, rope = l->rope_dim, lora = l->kv_expanded;
  const vf_heads s = {heads, l->n_kv_heads, l->k_dim, l->v_dim, vf_cells_of(b, l), 0, 0};
  uint64_t q_bytes = vf_build_tokens(b, s.k * heads), low = vf_build_tokens(b, lora);
  uint64_t v_bytes = vf_build_tokens(b, s.v * heads);
  vf_ref narrow, q = latent_query(b, l, x, &narrow);
  vf_ref kv = vf_multiply(b, vf_build_tokens(b, lora + rope), VF_ROLE_ATTN_KV_A, x);
  vf_ref c = vf_norm(b, l, low, vf_strided(kv), VF_ROLE_ATTN_KV_A_NORM);
  uint64_t all = vf_build_tokens(b, heads * (s.k - rope + s.v));
  vf_ref wide = vf_multiply(b, all, VF_ROLE_ATTN_KV_B, c);
  vf_ref v = vf_view(vf_new(b, v_bytes, vf_strided(wide)));
  q = vf_rope(b, q_bytes, vf_view(q));
  vf_ref k = vf_rope(b, vf_build_tokens(b, rope), vf_strided(kv));
  k = vf_new2(b, q_bytes, vf_strided(wide), vf_new(b, vf_build_tokens(b, rope * heads), k));
  x = vf_attend(b, l, &s, q, k, v);
  return vf_multiply(b, vf_build_tokens(b, b->model->n_embd), VF_ROLE_ATTN_OUTPUT, x);
}
