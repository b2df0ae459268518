/* graph.c - a model's graph from the embedding to the logits.
 *
 * Rules: ggml_build.h. */
#include "engines/ggml/graph.h"

#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "core/format.h"
#include "engines/ggml/build.h"

enum {
  F32_BYTES = 4,
  F16_BYTES = 2,
  CELL_STEP = 256,       /* windows are rounded up to this many cells */
  MASK_STEP = 64,        /* GGML_KQ_MASK_PAD, as long as it was */
  OFFLOAD_MIN_ROWS = 32, /* ggml-cuda.cu, op_offload_min_batch_size */
};

/* ---- Sizes ------------------------------------------------------------------------------ */

uint64_t vf_build_mul(vf_ggml_builder *b, uint64_t x, uint64_t y, uint64_t z) {
  uint64_t n = 0;
  if (!vf_mul3(&n, x, y, z)) b->graph.overflow = true;
  return n;
}

uint64_t vf_build_add(vf_ggml_builder *b, uint64_t x, uint64_t y) {
  uint64_t n = 0;
  if (!vf_add(&n, x, y)) b->graph.overflow = true;
  return n;
}

uint64_t vf_build_rows(vf_ggml_builder *b, uint64_t width) {
  return vf_build_mul(b, b->rows, width, F32_BYTES);
}

uint64_t vf_build_tokens(vf_ggml_builder *b, uint64_t width) {
  return vf_build_mul(b, b->g->tokens, width, F32_BYTES);
}

uint64_t vf_ggml_cache_cells(const vf_model *m, const vf_ggml_graph *g, const vf_cache_layer *c) {
  bool windowed = c->kind == VF_CACHE_WINDOW || c->kind == VF_CACHE_CHUNKED;
  if (!windowed || g->swa_full || (m->flags & VF_MODEL_WINDOW_UNUSED)) return g->cells;
  if (vf_ggml_holds(g->rules, VF_RULE_SWA_FULL)) return g->cells;
  uint64_t sharing = g->streams == 1 ? g->seqs : 1;
  uint64_t cells = c->window * sharing + g->ubatch;
  return (vf_min_u64(g->cells, cells) + CELL_STEP - 1) / CELL_STEP * CELL_STEP;
}

/* Every stream masks its own share of the tokens; f16 for flash attention, else f32. */
bool vf_ggml_mask_bytes(uint64_t *out, const vf_ggml_graph *g, uint64_t cells) {
  uint64_t rows = g->tokens / g->streams;
  bool half = g->flash_attn && !vf_ggml_holds(g->rules, VF_RULE_MASK_F32);
  if (vf_ggml_holds(g->rules, VF_RULE_MASK_PAD))
    rows = (rows + MASK_STEP - 1) / MASK_STEP * MASK_STEP;
  return vf_mul3(out, rows, g->streams, cells) && vf_mul(out, *out, half ? F16_BYTES : F32_BYTES);
}

/* ---- Operations ------------------------------------------------------------------------- */

vf_ref vf_new(vf_ggml_builder *b, uint64_t bytes, vf_ref x) {
  return vf_graph_op(&b->graph, VF_OP_NEW, bytes, &x, 1);
}

vf_ref vf_new2(vf_ggml_builder *b, uint64_t bytes, vf_ref x, vf_ref y) {
  return vf_graph_op(&b->graph, VF_OP_NEW, bytes, (vf_ref[]){x, y}, 2);
}

vf_ref vf_over(vf_ggml_builder *b, uint64_t bytes, vf_ref x) {
  return vf_graph_op(&b->graph, VF_OP_OVER, bytes, &x, 1);
}

vf_ref vf_over2(vf_ggml_builder *b, uint64_t bytes, vf_ref x, vf_ref y) {
  return vf_graph_op(&b->graph, VF_OP_OVER, bytes, (vf_ref[]){x, y}, 2);
}

vf_ref vf_over3(vf_ggml_builder *b, uint64_t bytes, vf_ref x, vf_ref y, vf_ref z) {
  return vf_graph_op(&b->graph, VF_OP_OVER, bytes, (vf_ref[]){x, y, z}, 3);
}

void vf_expand(vf_ggml_builder *b, vf_ref x) {
  vf_graph_expand(&b->graph, x);
}

vf_ref vf_norm_with(vf_ggml_builder *b, const vf_layer *l, uint64_t bytes, vf_ref x, vf_ref weight,
                    vf_ref bias) {
  bool keeps = vf_has(l, VF_LAYER_LAYER_NORM | VF_LAYER_NORM_BIAS);
  x = keeps ? vf_new(b, bytes, x) : vf_over(b, bytes, x);
  if (b->g->pins_norms && weight != 0 && b->layer != UINT32_MAX) vf_pin_to_layer(b, x);
  x = vf_over2(b, bytes, x, weight);
  uint64_t row = weight != 0 ? vf_graph_node_of(&b->graph, weight)->bytes : 0;
  if (row != 0)
    vf_graph_node_of(&b->graph, x)->offloads = bytes / row >= OFFLOAD_MIN_ROWS && !b->g->no_offload;
  return vf_has(l, VF_LAYER_NORM_BIAS) ? vf_over2(b, bytes, x, bias) : x;
}

vf_ref vf_norm(vf_ggml_builder *b, const vf_layer *l, uint64_t bytes, vf_ref x, vf_role weight) {
  vf_ref bias = vf_has(l, VF_LAYER_NORM_BIAS) ? vf_bias(b, weight) : 0;
  return vf_norm_with(b, l, bytes, x, vf_weight(b, weight), bias);
}

vf_ref vf_multiply(vf_ggml_builder *b, uint64_t bytes, vf_role matrix, vf_ref x) {
  b->graph.label = vf_roles[matrix].gguf_name;
  vf_ref product = vf_new2(b, bytes, vf_weight(b, matrix), x);
  b->graph.label = NULL;
  return product;
}

vf_ref vf_project(vf_ggml_builder *b, uint64_t bytes, vf_role matrix, vf_ref x, bool bias) {
  x = vf_multiply(b, bytes, matrix, x);
  return bias ? vf_over2(b, bytes, x, vf_bias(b, matrix)) : x;
}

vf_ref vf_rope(vf_ggml_builder *b, uint64_t bytes, vf_ref x) {
  vf_ref table = vf_lies_on_host(b) ? b->in[VF_IN_ROPE_TABLE] : 0;
  return vf_over3(b, bytes, x, b->in[VF_IN_POSITIONS], table);
}

vf_ref vf_select_rows(vf_ggml_builder *b, vf_ref x) {
  uint64_t bytes = vf_build_mul(b, b->g->output_rows, b->model->n_embd, F32_BYTES);
  return vf_new2(b, bytes, x, b->in[VF_IN_OUTPUT_IDS]);
}

void vf_cut_rows(vf_ggml_builder *b) {
  b->rows = b->g->output_rows;
  b->graph.offloads = b->rows >= OFFLOAD_MIN_ROWS && !b->g->no_offload;
}

vf_ref vf_apply(vf_ggml_builder *b, uint64_t bytes, vf_ref x, int times) {
  for (int i = 0; i < times; i++) x = vf_over(b, bytes, x);
  return x;
}

/* ---- Layers ----------------------------------------------------------------------------- */

static bool feeds(const vf_layer *l) {
  return l->n_ff != 0 || l->n_experts != 0;
}

/* The norm before the feed-forward goes by two names. */
static vf_ref feed_norm(vf_ggml_builder *b, const vf_layer *l, uint64_t bytes, vf_ref x) {
  vf_ref weight = vf_weight(b, VF_ROLE_FFN_NORM);
  if (weight == 0) weight = vf_weight(b, VF_ROLE_ATTN_POST_NORM);
  vf_ref bias = vf_has(l, VF_LAYER_NORM_BIAS) ? vf_bias(b, VF_ROLE_FFN_NORM) : 0;
  return vf_norm_with(b, l, bytes, x, weight, bias);
}

/* Attention and feed-forward read the same norm; the sum takes the feed-forward first. */
static vf_ref parallel_layer(vf_ggml_builder *b, const vf_layer *l, bool last, vf_ref x) {
  uint64_t bytes = vf_build_tokens(b, b->model->n_embd);
  vf_ref f = vf_norm(b, l, bytes, x, VF_ROLE_ATTN_NORM), a = vf_build_attention(b, l, f);
  if (!vf_has(l, VF_LAYER_ONE_NORM)) f = vf_norm(b, l, bytes, x, VF_ROLE_ATTN_NORM_2);
  if (last) {
    a = vf_select_rows(b, a);
    x = vf_select_rows(b, x);
    f = vf_select_rows(b, f);
    vf_cut_rows(b);
  }
  bytes = vf_build_rows(b, b->model->n_embd);
  return vf_over2(b, bytes, vf_over2(b, bytes, vf_build_feed_forward(b, l, f), x), a);
}

/* Attention and a recurrent part side by side, each behind its own norm of the same input. */
static vf_ref hybrid_layer(vf_ggml_builder *b, const vf_layer *l, bool last, vf_ref x) {
  uint64_t bytes = vf_build_tokens(b, b->model->n_embd);
  vf_ref weight = vf_weight(b, VF_ROLE_ATTN_NORM);
  vf_ref a = vf_build_attention(b, l, vf_norm_with(b, l, bytes, x, weight, 0));
  vf_ref r = vf_build_recurrent(b, l, vf_norm_with(b, l, bytes, x, weight, 0));
  vf_ref y = vf_over2(b, bytes, a, r);
  x = vf_over2(b, bytes, y, x);
  if (last) {
    x = vf_select_rows(b, x);
    vf_cut_rows(b);
  }
  bytes = vf_build_rows(b, b->model->n_embd);
  return vf_over2(b, bytes, vf_build_feed_forward(b, l, feed_norm(b, l, bytes, x)), x);
}

static vf_ref mix(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  if (l->mixers & VF_MIX_RECURRENT) return vf_build_recurrent(b, l, x);
  if (l->mixers & VF_MIX_ATTENTION) return vf_build_attention(b, l, x);
  return vf_build_feed_forward(b, l, x);
}

/* A branch on its way back into the residual stream. */
static vf_ref finish_branch(vf_ggml_builder *b, const vf_layer *l, vf_ref x, vf_role norm) {
  uint64_t bytes = vf_build_rows(b, b->model->n_embd);
  if (vf_has(l, VF_LAYER_POST_NORMS)) x = vf_norm(b, l, bytes, x, norm);
  return vf_has(l, VF_LAYER_RESID_SCALED) ? vf_over(b, bytes, x) : x;
}

static vf_ref add_feed_forward(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t bytes = vf_build_rows(b, b->model->n_embd);
  vf_ref normal = vf_has(l, VF_LAYER_NO_NORMS) ? x : feed_norm(b, l, bytes, x);
  vf_ref y = finish_branch(b, l, vf_build_feed_forward(b, l, normal), VF_ROLE_FFN_POST_NORM);
  return vf_has(l, VF_LAYER_RESIDUAL_FIRST) ? vf_over2(b, bytes, x, y) : vf_over2(b, bytes, y, x);
}

/* A mixer and a feed-forward one after the other, or one of them alone. */
static vf_ref serial_layer(vf_ggml_builder *b, const vf_layer *l, bool last, vf_ref x) {
  uint64_t bytes = vf_build_tokens(b, b->model->n_embd);
  vf_ref y = vf_has(l, VF_LAYER_NO_NORMS) ? x : vf_norm(b, l, bytes, x, VF_ROLE_ATTN_NORM);
  if (b->delta) vf_expand(b, y);
  y = mix(b, l, y);
  if (last) {
    y = vf_select_rows(b, y);
    x = vf_select_rows(b, x);
    vf_cut_rows(b);
  }
  bytes = vf_build_rows(b, b->model->n_embd);
  if (l->mixers == 0 || !feeds(l)) return vf_over2(b, bytes, y, x);
  y = finish_branch(b, l, y, VF_ROLE_ATTN_POST_NORM);
  x = vf_has(l, VF_LAYER_ATTN_RESIDUAL_FIRST) ? vf_over2(b, bytes, x, y) : vf_over2(b, bytes, y, x);
  return add_feed_forward(b, l, x);
}

vf_ref vf_build_layer(vf_ggml_builder *b, uint32_t i, vf_ref x) {
  const vf_layer *l = &b->model->layers[i];
  bool last = i + 1 == b->n_layers && (b->model->flags & VF_MODEL_LATE_ROWS) == 0;
  bool both = (l->mixers & VF_MIX_ATTENTION) && (l->mixers & VF_MIX_RECURRENT);
  b->layer = i;
  if (l->mixers & VF_MIX_RWKV) return vf_build_rwkv_layer(b, i, x);
  if (l->altup != 0) return vf_build_altup_layer(b, l, x);
  if (both) return hybrid_layer(b, l, last, x);
  if (vf_has(l, VF_LAYER_PARALLEL)) return parallel_layer(b, l, last, x);
  return serial_layer(b, l, last, x);
}

/* ---- The graph -------------------------------------------------------------------------- */

/* The embedding is looked up on the host, which may be a part of the graph. */
static vf_ref look_up(vf_ggml_builder *b, int tokens, int embd) {
  if (!b->host_inputs) return b->in[embd];
  vf_ref x = vf_new(b, b->in_bytes[embd], b->in[tokens]);
  if (b->schedule != NULL) vf_graph_pin(&b->graph, x, (uint8_t)b->g->n_gpus);
  return x;
}

vf_ref vf_build_start(vf_ggml_builder *b) {
  const vf_model *m = b->model;
  const vf_layer *l = &m->layers[0];
  uint64_t bytes = vf_build_tokens(b, m->n_embd);
  vf_ref x = look_up(b, VF_IN_TOKENS, VF_IN_EMBD);
  b->layer = UINT32_MAX;
  if (b->host_inputs) vf_expand(b, x);
  if (b->host_inputs) vf_expand(b, b->in[VF_IN_EMBD_GIVEN]);
  if (m->flags & (VF_MODEL_EMBD_SCALED | VF_MODEL_EMBD_SCALED_FIRST)) x = vf_over(b, bytes, x);
  if (m->flags & VF_MODEL_EMBD_SCALED_FIRST) vf_expand(b, x);
  if (m->flags & VF_MODEL_EMBD_NORM) x = vf_norm(b, l, bytes, x, VF_ROLE_TOKEN_EMBD_NORM);
  if (l->altup == 0) return x;
  if (b->host_inputs)
    b->in[VF_IN_LAYER_EMBD] = vf_view(look_up(b, VF_IN_LAYER_TOKENS, VF_IN_LAYER_EMBD));
  return vf_build_altup_start(b, x);
}

/* Models of short convolutions leave the logits out where embeddings are served (models/lfm2.cpp).
 */
static void add_logits(vf_ggml_builder *b, vf_ref x) {
  bool leaves_out = (b->model->layers[0].mixers & VF_MIX_SHORTCONV) != 0;
  if (b->g->pooled && leaves_out) {
    vf_expand(b, x);
    return;
  }
  vf_ref logits = vf_multiply(b, vf_build_rows(b, b->model->n_vocab), VF_ROLE_OUTPUT, x);
  if (b->g->pooled) vf_graph_output(&b->graph, logits);
  vf_expand(b, logits);
}

/* The mean of each sequence's tokens: a product with their transposed copy
 * (src/llama-graph.cpp, build_pooling). */
static void pool(vf_ggml_builder *b, vf_ref x) {
  uint64_t width = b->model->n_embd;
  vf_ref turned = vf_new(b, vf_build_rows(b, width), vf_view(x));
  vf_expand(b,
            vf_new2(b, vf_build_mul(b, width, b->g->seqs, F32_BYTES), turned, b->in[VF_IN_MEAN]));
}

void vf_build_end(vf_ggml_builder *b, vf_ref x) {
  const vf_model *m = b->model;
  bool altup = m->layers[0].altup != 0, late = (m->flags & VF_MODEL_LATE_ROWS) != 0;
  bool before = altup || (m->flags & VF_MODEL_ROWS_BEFORE_NORM) != 0;
  b->layer = UINT32_MAX;
  if (altup) x = vf_build_altup_end(b, x);
  if (before && late) vf_graph_output(&b->graph, x);
  if (before) x = vf_select_rows(b, x);
  if (before) vf_cut_rows(b);
  x = vf_norm(b, &m->layers[0], vf_build_rows(b, m->n_embd), x, VF_ROLE_OUTPUT_NORM);
  vf_graph_output(&b->graph, x);
  if (late && !before) x = vf_select_rows(b, x);
  vf_cut_rows(b);
  vf_graph_output(&b->graph, x);
  add_logits(b, x);
  if (b->g->pooled) pool(b, x);
}

/* What the builder has no rule for, and is bounded instead. */
bool vf_ggml_graph_is_known(const vf_model *m) {
  static const uint64_t others = VF_LAYER_ENCODER | VF_LAYER_SUB_NORMS | VF_LAYER_HEAD_GATE |
                                 VF_LAYER_O_GATED | VF_LAYER_CROSS_GATES;
  static const uint32_t mixers = VF_MIX_CROSS | VF_MIX_KDA | VF_MIX_LINEAR;
  if (m->flags & VF_MODEL_ENCODER) return false;
  for (uint32_t i = 0; i < m->n_layers; i++) {
    const vf_layer *l = &m->layers[i];
    if (i > 0 && memcmp(l, l - 1, sizeof *l) == 0) continue;
    bool own_input = l->embd_per_layer != 0 && l->altup == 0;
    bool both = l->n_experts != 0 && l->n_ff != 0;
    if ((l->flags & others) || (l->mixers & mixers) || own_input || both || l->expert_embd != 0 ||
        l->index_heads != 0)
      return false;
  }
  return true;
}
