/* inputs.c - what a graph reads from outside: how much, and up to which layer.
 *
 * Source: llama.cpp v0.5.0 (de3ff81), src/llama-graph.cpp (llm_graph_input_*). */
#include <string.h>

#include "base/checked.h"
#include "core/buffer.h"
#include "engines/ggml/build.h"

enum {
  F32_BYTES = 4,
  ID_BYTES = 8,       /* cache indices are int64 */
  POSITION_BYTES = 4, /* int32 */
  ROTATION_MIN = 64,
};

static void need(vf_ggml_builder *b, int input, uint64_t bytes, uint32_t layer) {
  b->in_bytes[input] = bytes;
  b->last_use[input] = layer;
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
  uint64_t ids = vf_ggml_values_in_rows(g) ? 1 : width;
  ids = vf_max_u64(vf_build_mul(b, g->tokens, ids, ID_BYTES), b->in_bytes[VF_IN_V_IDS + w]);
  if (writes_ids) need(b, VF_IN_V_IDS + w, ids, i);
  bool rotated = vf_rule(b, VF_RULE_ROTATIONS);
  if (rotated && vf_build_is_rotated(g->kv_k, l->k_dim))
    need(b, VF_IN_K_ROTATION + w, vf_build_rotation(l->k_dim), i);
  if (rotated && vf_build_is_rotated(g->kv_v, l->v_dim))
    need(b, VF_IN_V_ROTATION + w, (uint64_t)ROTATION_MIN * ROTATION_MIN * F32_BYTES, i);
}

static void need_layer(vf_ggml_builder *b, const vf_layer *l, uint32_t i) {
  uint64_t positions = (b->model->flags & VF_MODEL_MROPE) != 0 ? 4 : 1;
  uint64_t tokens = vf_build_mul(b, b->g->tokens, POSITION_BYTES, 1);
  if (l->mixers & VF_MIX_ATTENTION) {
    need_cache(b, l, i);
    if (!vf_has(l, VF_LAYER_NO_ROPE)) need(b, VF_IN_POSITIONS, tokens * positions, i);
    if (vf_has(l, VF_LAYER_Q_TEMP)) need(b, VF_IN_TEMPERATURE, tokens, i);
  }
  if (l->mixers & VF_MIX_RECURRENT) {
    need(b, VF_IN_STATES, vf_build_mul(b, b->g->seqs, POSITION_BYTES, 1), i);
    need(b, VF_IN_STATES_MOVED, 0, i);
  }
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
  need(b, VF_IN_OUTPUT_IDS, vf_build_mul(b, b->g->output_rows, POSITION_BYTES, 1),
       late ? b->n_layers : b->n_layers - 1);
  if (first->embd_per_layer != 0) {
    uint64_t all = (uint64_t)first->embd_per_layer * b->n_layers;
    need(b, VF_IN_LAYER_TOKENS, tokens, 0);
    need(b, VF_IN_LAYER_EMBD, vf_build_tokens(b, all), 0);
  }
  if (b->g->pooled) need(b, VF_IN_MEAN, vf_build_mul(b, tokens, b->g->seqs, 1), b->n_layers);
  for (uint32_t i = 0; i < b->n_layers; i++) need_layer(b, &b->model->layers[i], i);
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

/* Inputs that nothing behind this layer reads end with their last use in it. */
void vf_release_inputs(vf_ggml_builder *b, uint32_t layer) {
  for (int i = 0; i < VF_IN_COUNT; i++)
    if (b->in[i] != 0 && b->last_use[i] == layer && i != VF_IN_EMBD_GIVEN)
      vf_graph_release(&b->graph, b->in[i]);
}
