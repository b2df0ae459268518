/* block_sparse.c - attention that reads only some blocks of the cache (MiniMax-M3).
 *
 * A small index decides: each group of heads has an index query, each cell an index key; their
 * products are pooled over blocks of positions, the best blocks are kept, and a mask of -inf covers
 * the others.  The batch's graph builds that mask for every cell, in f32 and turned around twice,
 * which is why it takes more memory than the attention itself:
 *
 *   scores per position ─pool─▶ per block ─top k─▶ 0 where kept, -inf elsewhere ─by cell's block─▶
 * mask ─▶ flash attention
 *
 * Without flash attention, and with sequences that share one cache, llama.cpp attends to
 * everything, index or not.
 *
 * Source: llama.cpp v0.5.0, src/models/minimax-m3.cpp and src/llama-kv-cache-msa.cpp.  The
 * positions of a reserved graph are those of an empty cache, 256; they grow with the text, and so
 * does the buffer. */
#include "base/checked.h"
#include "engines/ggml/build.h"

enum { F32_BYTES = 4, F16_BYTES = 2, RESERVED_POSITIONS = 256 };

bool vf_is_block_sparse(const vf_ggml_graph *g, const vf_layer *l) {
  bool streams = g->seqs == 1 || g->streams > 1;
  return l->index_block != 0 && g->flash_attn && streams;
}

uint64_t vf_index_positions(const vf_layer *l) {
  uint64_t block = l->index_block;
  return (RESERVED_POSITIONS + block - 1) / block * block;
}

/* One stream's tokens, cells, and what a block's mask is made for. */
typedef struct stream {
  uint64_t tokens, cells, positions, blocks, kept, rows;
} stream;

static uint64_t f32(vf_ggml_builder *b, uint64_t x, uint64_t y) {
  return vf_build_mul(b, x, y, F32_BYTES);
}

static vf_ref index_vectors(vf_ggml_builder *b, const vf_layer *l, uint64_t heads, vf_role matrix,
                            vf_role norm, vf_ref x) {
  uint64_t bytes = vf_build_tokens(b, heads * l->index_dim);
  x = vf_norm(b, l, bytes, vf_view(vf_multiply(b, bytes, matrix, x)), norm);
  return vf_rope(b, bytes, x);
}

/* -inf for blocks that are not kept, one row per token and group of heads. */
static vf_ref block_mask(vf_ggml_builder *b, const stream *s, vf_ref bias, vf_ref kept) {
  vf_ref zero = vf_over(b, f32(b, s->kept, s->rows), vf_new(b, f32(b, s->kept, s->rows), kept));
  vf_ref none = vf_new(b, f32(b, s->blocks, s->tokens), vf_view(bias));
  none = vf_new(b, vf_build_mul(b, s->blocks, s->tokens, F16_BYTES), none);
  uint64_t bytes = vf_build_mul(b, s->blocks, s->rows, F16_BYTES);
  none = vf_new(b, bytes, none);
  const vf_ref sources[] = {vf_view(zero), vf_view(kept), vf_view(none)};
  vf_expand(b, vf_graph_op(&b->graph, VF_OP_EXTERNAL, 0, sources, 3));
  return vf_new(b, bytes, vf_view(vf_new(b, bytes, vf_view(none))));
}

static vf_ref attend_to_blocks(vf_ggml_builder *b, const vf_layer *l, const stream *s, vf_ref query,
                               vf_ref q) {
  uint64_t scores = f32(b, s->positions, s->rows), all = f32(b, s->cells, s->rows);
  vf_ref keys = vf_new(b, f32(b, s->positions, l->index_dim), vf_view(b->in[VF_IN_INDEX_SLOTS]));
  vf_ref score = vf_new2(b, scores, keys, vf_view(query));
  vf_ref masked = vf_view(score);
  vf_ref best = vf_new2(b, f32(b, s->blocks, s->rows), masked, vf_view(b->in[VF_IN_INDEX_MASK]));
  best = vf_over2(b, f32(b, s->blocks, s->rows), best, vf_view(b->in[VF_IN_INDEX_BIAS]));
  vf_ref kept = vf_new(b, f32(b, s->kept, s->rows), best);
  vf_ref mask = block_mask(b, s, b->in[VF_IN_INDEX_BIAS], kept);
  mask = vf_new2(b, all, mask, vf_view(b->in[VF_IN_INDEX_CELLS]));
  mask = vf_new(b, all, vf_view(mask));
  mask = vf_new2(b, all / 2, vf_view(mask), vf_view(b->whole_mask));
  uint64_t bytes = f32(b, s->tokens, (uint64_t)l->n_heads * l->v_dim);
  const vf_ref sources[] = {vf_view(q), mask};
  return vf_new(b, bytes, vf_view(vf_graph_op(&b->graph, VF_OP_NEW, bytes, sources, 2)));
}

vf_ref vf_write_index(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  vf_ref key = index_vectors(b, l, 1, VF_ROLE_INDEXER_K_PROJ, VF_ROLE_INDEXER_K_NORM, x);
  uint64_t bytes = vf_build_tokens(b, l->index_dim);
  vf_sink(b, vf_slice(b, bytes, vf_view(key)), b->in[VF_IN_INDEX_K_IDS], vf_cache_backend(b));
  return key;
}

vf_ref vf_build_block_sparse(vf_ggml_builder *b, const vf_layer *l, vf_ref x, vf_ref q) {
  uint64_t streams = b->g->streams, positions = vf_index_positions(l), kept = l->index_kept;
  stream s = {b->g->tokens / streams, b->g->cells, positions, positions / l->index_block, 0, 0};
  s.kept = vf_min_u64(kept, s.blocks);
  s.rows = s.tokens * l->index_heads;
  vf_ref query =
      index_vectors(b, l, l->index_heads, VF_ROLE_INDEXER_Q_PROJ, VF_ROLE_INDEXER_Q_NORM, x);
  if (b->whole_mask == 0) {
    b->whole_mask = vf_new(b, f32(b, b->g->tokens, s.cells), b->in[VF_IN_MASK]);
    vf_graph_hold(&b->graph, b->whole_mask);
  }
  vf_ref y = vf_view(attend_to_blocks(b, l, &s, query, q));
  for (uint64_t i = 1; i < streams && !b->graph.overflow; i++) {
    vf_ref more = vf_view(attend_to_blocks(b, l, &s, query, q));
    y = vf_new2(b, f32(b, s.tokens * (i + 1), (uint64_t)l->n_heads * l->v_dim), y, more);
  }
  return y;
}
