/* inputs.c - what a graph reads from outside: how much, and up to which layer.
 *
 * Source: llama.cpp v0.5.0 (de3ff81), src/llama-graph.cpp (llm_graph_input_*). */
#include <string.h>

#include "base/checked.h"
#include "core/buffer.h"
#include "engines/ggml/build.h"

enum {
  F32_BYTES = 4,
  F16_BYTES = 2,
  ID_BYTES = 8,       /* cache indices are int64 */
  POSITION_BYTES = 4, /* int32 */
  ROTATION_MIN = 64,
  IMAGE_LOGITS_BYTES = 8192 * F32_BYTES, /* models/chameleon.cpp, num_img_tokens */
};

static void need(vf_ggml_builder *b, int input, uint64_t bytes, uint32_t layer) {
  b->in_bytes[input] = bytes;
  b->last_use[input] = layer;
}

/* Without a cache every token of the batch is masked against every other. */
static void need_batch_mask(vf_ggml_builder *b, const vf_layer *l, uint32_t i) {
  uint64_t tokens = b->g->tokens, size = b->g->flash_attn ? F16_BYTES : F32_BYTES;
  need(b, VF_IN_MASK + vf_window_index(b->model, l), vf_build_mul(b, tokens, tokens, size), i);
}

/* A mask in f32 is read once where flash attention has a copy of it in f16. */
static void need_mask(vf_ggml_builder *b, int window, uint64_t bytes, uint32_t layer) {
  bool copied = b->g->flash_attn && vf_rule(b, VF_RULE_MASK_F32);
  bool first = b->last_use[VF_IN_MASK + window] == UINT32_MAX;
  if (first || !copied) need(b, VF_IN_MASK + window, bytes, layer);
  if (copied) b->last_use[VF_IN_MASK_HALF + window] = layer;
}

static void need_cache(vf_ggml_builder *b, const vf_layer *l, uint32_t i) {
  const vf_ggml_graph *g = b->g;
  bool latent = l->kv_lora != 0;
  int w = vf_window_index(b->model, l);
  uint64_t mask = 0;
  const vf_cache_layer c = {.kind = w ? VF_CACHE_WINDOW : VF_CACHE_FULL, .window = l->window};
  if (!vf_ggml_mask_bytes(&mask, g, vf_ggml_cache_cells(b->model, g, &c))) b->graph.overflow = true;
  bool writes = !vf_has(l, VF_LAYER_KV_SHARED | VF_LAYER_KV_UNCACHED);
  bool writes_ids = writes && !vf_rule(b, VF_RULE_CACHE_VIEWS);
  if (writes_ids) need(b, VF_IN_K_IDS + w, vf_build_mul(b, g->tokens, ID_BYTES, 1), i);
  need_mask(b, w, mask, i);
  if (latent && !vf_rule(b, VF_RULE_MLA_VALUES)) return;
  uint64_t width = latent ? l->kv_lora : (uint64_t)l->v_dim * l->n_kv_heads;
  if (!latent) width = vf_max_u64(width, g->v_columns);
  uint64_t ids = vf_ggml_values_in_rows(g) ? 1 : width;
  ids = vf_max_u64(vf_build_mul(b, g->tokens, ids, ID_BYTES), b->in_bytes[VF_IN_V_IDS + w]);
  if (writes_ids) need(b, VF_IN_V_IDS + w, ids, i);
  bool rotated = vf_rule(b, VF_RULE_ROTATIONS);
  if (rotated && vf_build_is_rotated(g->kv_k, l->k_dim))
    need(b, VF_IN_K_ROTATION + w, vf_build_rotation(l->k_dim), i);
  if (rotated && vf_build_is_rotated(g->kv_v, l->v_dim))
    need(b, VF_IN_V_ROTATION + w, (uint64_t)ROTATION_MIN * ROTATION_MIN * F32_BYTES, i);
}

static void need_block_index(vf_ggml_builder *b, const vf_layer *l, uint32_t i) {
  const vf_ggml_graph *g = b->g;
  if (!vf_is_block_sparse(g, l)) return;
  uint64_t positions = vf_index_positions(l), blocks = positions / l->index_block;
  need(b, VF_IN_INDEX_K_IDS, vf_build_mul(b, g->tokens, ID_BYTES, 1), i);
  need(b, VF_IN_INDEX_SLOTS, vf_build_mul(b, positions, g->streams, POSITION_BYTES), i);
  need(b, VF_IN_INDEX_CELLS, vf_build_mul(b, g->cells, g->streams, POSITION_BYTES), i);
  need(b, VF_IN_INDEX_MASK, vf_build_tokens(b, positions), i);
  need(b, VF_IN_INDEX_BIAS, vf_build_tokens(b, blocks), i);
}

/* Its mask is in f16 whatever the cache's is: one operation scores all cells. */
static uint64_t zeros_bytes(vf_ggml_builder *b, const vf_layer *l) {
  return vf_build_mul(b, vf_min_u64(l->index_kept, b->g->cells), b->g->tokens, F32_BYTES);
}

static void need_indexer(vf_ggml_builder *b, const vf_layer *l, uint32_t i) {
  const vf_ggml_graph *g = b->g;
  if (l->kv_lora == 0 || l->index_kept == 0) return;
  if (i == 0) need(b, VF_IN_ZEROS, zeros_bytes(b, l), i);
  if (l->index_heads == 0) return;
  need(b, VF_IN_INDEX_K_IDS, vf_build_mul(b, g->tokens, ID_BYTES, 1), i);
  need(b, VF_IN_INDEX_MASK, vf_build_mul(b, g->tokens, g->cells, F16_BYTES), i);
  need(b, VF_IN_INDEX_ROTATION, vf_build_rotation(l->index_dim), i);
}

static void need_layer(vf_ggml_builder *b, const vf_layer *l, uint32_t i) {
  uint64_t positions = (b->model->flags & VF_MODEL_MROPE) != 0 ? 4 : 1;
  uint64_t tokens = vf_build_mul(b, b->g->tokens, POSITION_BYTES, 1);
  if (l->mixers & VF_MIX_ATTENTION) {
    need_block_index(b, l, i);
    need_indexer(b, l, i);
    if (vf_is_cached(b->model))
      need_cache(b, l, i);
    else
      need_batch_mask(b, l, i);
    if (!vf_has(l, VF_LAYER_NO_ROPE)) need(b, VF_IN_POSITIONS, tokens * positions, i);
    if (vf_has(l, VF_LAYER_Q_TEMP)) need(b, VF_IN_TEMPERATURE, tokens, i);
  }
  if (l->mixers & VF_MIX_RECURRENT) {
    need(b, VF_IN_STATES, vf_build_mul(b, b->g->seqs, POSITION_BYTES, 1), i);
    need(b, VF_IN_STATES_MOVED, 0, i);
  }
}

/* The mean is a product with a matrix of shares; single tokens are gathered by their numbers. */
static void need_pool(vf_ggml_builder *b) {
  const vf_model *m = b->model;
  if ((m->flags & VF_MODEL_ENCODER) == 0) return;
  uint64_t rows = m->flags & VF_MODEL_POOL_MEAN ? b->g->tokens : 1;
  if (m->flags & (VF_MODEL_POOL_MEAN | VF_MODEL_POOL_ROWS))
    need(b, VF_IN_POOL, vf_build_mul(b, rows, b->g->seqs, F32_BYTES), b->n_layers);
}

void vf_need_inputs(vf_ggml_builder *b) {
  const vf_layer *first = &b->model->layers[0];
  uint64_t tokens = vf_build_mul(b, b->g->tokens, F32_BYTES, 1);
  for (int i = 0; i < VF_IN_COUNT; i++) b->last_use[i] = UINT32_MAX;
  memset(b->in_bytes, 0, sizeof b->in_bytes);
  need(b, VF_IN_TOKENS, tokens, 0);
  need(b, VF_IN_EMBD, vf_build_tokens(b, b->model->n_embd), 0);
  if (vf_rule(b, VF_RULE_EMBD_GIVEN))
    need(b, VF_IN_EMBD_GIVEN, vf_build_tokens(b, b->model->n_embd), 0);
  bool late = first->altup != 0 || (b->model->flags & VF_MODEL_LATE_ROWS) != 0;
  if ((first->ops & VF_OPS_LAST_ROWS) == 0)
    need(b, VF_IN_OUTPUT_IDS, vf_build_mul(b, b->g->output_rows, POSITION_BYTES, 1),
         late ? b->n_layers : b->n_layers - 1);
  if (b->model->flags & VF_MODEL_IMAGE_LOGITS)
    need(b, VF_IN_IMAGE_LOGITS, IMAGE_LOGITS_BYTES, b->n_layers);
  if (first->embd_per_layer != 0) {
    uint64_t all = (uint64_t)first->embd_per_layer * b->n_layers;
    need(b, VF_IN_LAYER_TOKENS, tokens, 0);
    need(b, VF_IN_LAYER_EMBD, vf_build_tokens(b, all), 0);
  }
  if (b->g->pooled) need(b, VF_IN_MEAN, vf_build_mul(b, tokens, b->g->seqs, 1), b->n_layers);
  if (b->model->flags & VF_MODEL_POSITION_EMBD) need(b, VF_IN_POSITIONS, tokens, 0);
  for (uint32_t i = 0; i < b->n_layers; i++) need_layer(b, &b->model->layers[i], i);
  need_pool(b);
}

/* One table of rotations for all layers on the host. */
static void make_rope_table(vf_ggml_builder *b) {
  const vf_model *m = b->model;
  const vf_buffer_rule copy_rule = {128, 512};
  for (size_t i = 0; i < m->n_tensors && b->schedule != NULL; i++) {
    if (vf_roles[m->tensors[i].role].home != VF_HOME_ROPE) continue;
    uint64_t bytes = vf_buffer_tensor(&copy_rule, &m->tensors[i]);
    vf_ref table = vf_graph_input(&b->graph, bytes, VF_IN_ROPE_TABLE);
    vf_graph_node_of(&b->graph, table)->outside = VF_OUTSIDE_TABLE;
    b->in[VF_IN_ROPE_TABLE] = table;
    return;
  }
}

/* Where inputs lie on the host, the lists of states to read and to move are views of one. */
void vf_make_inputs(vf_ggml_builder *b) {
  bool host = b->host_inputs, cpu = b->g->on_cpu;
  for (int i = 0; i < VF_IN_COUNT; i++) {
    b->in[i] = 0;
    if (b->last_use[i] == UINT32_MAX || (cpu && i == VF_IN_STATES_MOVED)) continue;
    if (i >= VF_IN_MASK_HALF) continue; /* made where it is first read */
    if (host && (i == VF_IN_EMBD || i == VF_IN_LAYER_EMBD)) continue;
    b->in[i] = vf_graph_input(&b->graph, b->in_bytes[i], (uint8_t)i);
  }
  make_rope_table(b);
  if (!host || b->in[VF_IN_STATES] == 0) return;
  b->in[VF_IN_STATES] = vf_view(b->in[VF_IN_STATES]);
  b->in[VF_IN_STATES_MOVED] = vf_view(b->in[cpu ? VF_IN_STATES : VF_IN_STATES_MOVED]);
}

/* Tensors that no operation makes lie in the buffer from the start, each until its layer has read
 * it; that of the first layer is come across among the inputs. */
void vf_make_zeros(vf_ggml_builder *b) {
  for (uint32_t i = 1; i < b->n_layers && i < VF_ZEROS_MAX; i++) {
    const vf_layer *l = &b->model->layers[i];
    if (l->kv_lora == 0 || l->index_kept == 0) continue;
    b->zeros[i] = vf_new(b, zeros_bytes(b, l), 0);
    vf_graph_hold(&b->graph, b->zeros[i]);
    vf_expand(b, b->zeros[i]);
  }
  vf_graph_step(&b->graph);
}

/* Inputs that nothing behind this layer reads end with their last use in it. */
void vf_release_inputs(vf_ggml_builder *b, uint32_t layer) {
  for (int i = 0; i < VF_IN_COUNT; i++)
    if (b->in[i] != 0 && b->last_use[i] == layer && i != VF_IN_EMBD_GIVEN)
      vf_graph_release(&b->graph, b->in[i]);
}
