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
  bool windowed = c->kind == VF_CACHE_WINDOW || c->kind == VF_CACHE_CHUNKED ||
                  (c->kind == VF_CACHE_LATENT && c->window != 0);
  bool own = (m->layers[c->layer].ops & VF_OPS_OWN_CACHES) != 0;
  if (c->kind == VF_CACHE_COMPRESSED)
    return ((g->cells + c->window - 1) / c->window + CELL_STEP - 1) / CELL_STEP * CELL_STEP;
  if (!windowed || g->swa_full || (m->flags & VF_MODEL_WINDOW_UNUSED)) return g->cells;
  if (vf_ggml_holds(g->rules, VF_RULE_SWA_FULL)) return g->cells;
  uint64_t sharing = g->streams == 1 && !own ? g->seqs : 1;
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
  bool biased = vf_has(l, VF_LAYER_NORM_BIAS) && (l->ops & VF_OPS_RMS_BIAS) == 0;
  bool keeps = biased || vf_has(l, VF_LAYER_LAYER_NORM);
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

/* Attention and feed-forward read the same norm, or one each of the same input. */
static vf_ref sum_of_branches(vf_ggml_builder *b, const vf_layer *l, vf_ref f, vf_ref a, vf_ref x) {
  uint64_t bytes = vf_build_rows(b, b->model->n_embd);
  if (l->ops & VF_OPS_ATTN_SUMMED) return vf_over2(b, bytes, f, vf_over2(b, bytes, a, x));
  if ((l->ops & VF_OPS_SUM_BRANCHES) == 0) return vf_over2(b, bytes, vf_over2(b, bytes, f, x), a);
  f = l->ops & VF_OPS_ATTN_LEADS ? vf_over2(b, bytes, a, f) : vf_over2(b, bytes, f, a);
  return vf_over2(b, bytes, f, x);
}

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
  return sum_of_branches(b, l, vf_build_feed_forward(b, l, f), a, x);
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
  bool own =
      (l->ops & (VF_OPS_NORM_AFTER | VF_OPS_NORM_ROWS)) == 0 || norm != VF_ROLE_ATTN_POST_NORM;
  if (vf_has(l, VF_LAYER_POST_NORMS) && own) x = vf_norm(b, l, bytes, x, norm);
  return vf_has(l, VF_LAYER_RESID_SCALED) ? vf_over(b, bytes, x) : x;
}

static bool is_bare(const vf_layer *l) {
  return vf_has(l, VF_LAYER_NO_NORMS) && (l->ops & VF_OPS_BARE_NORMS) == 0;
}

static vf_ref add_feed_forward(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t bytes = vf_build_rows(b, b->model->n_embd);
  vf_ref normal = is_bare(l) ? x : feed_norm(b, l, bytes, x);
  vf_ref y = finish_branch(b, l, vf_build_feed_forward(b, l, normal), VF_ROLE_FFN_POST_NORM);
  return vf_has(l, VF_LAYER_RESIDUAL_FIRST) ? vf_over2(b, bytes, x, y) : vf_over2(b, bytes, y, x);
}

/* Norms behind the sums: what the feed-forward reads is also what it is added to. */
static vf_ref normed_sums_layer(vf_ggml_builder *b, const vf_layer *l, bool last, vf_ref x) {
  vf_ref y = vf_build_attention(b, l, x);
  if (last) {
    y = vf_select_rows(b, y);
    x = vf_select_rows(b, x);
    vf_cut_rows(b);
  }
  uint64_t bytes = vf_build_rows(b, b->model->n_embd);
  y = vf_norm(b, l, bytes, vf_over2(b, bytes, y, x), VF_ROLE_ATTN_OUTPUT_NORM);
  if (vf_has(l, VF_LAYER_TWO_NORMS))
    y = vf_norm(b, l, bytes, vf_over2(b, bytes, y, x), VF_ROLE_ATTN_NORM_2);
  y = vf_over2(b, bytes, vf_build_feed_forward(b, l, y), y);
  return vf_norm(b, l, bytes, y, VF_ROLE_LAYER_OUTPUT_NORM);
}

/* The dense part reads the sum with attention, the experts what the layer itself reads. */
static vf_ref input_experts(vf_ggml_builder *b, const vf_layer *l, vf_ref x, vf_ref sum) {
  uint64_t bytes = vf_build_rows(b, b->model->n_embd);
  vf_ref y = vf_build_dense(b, l, vf_norm(b, l, bytes, sum, VF_ROLE_FFN_NORM));
  y = vf_over2(b, bytes, y, sum);
  vf_ref normal = vf_norm(b, l, bytes, x, VF_ROLE_FFN_NORM_EXPS);
  vf_ref e = vf_build_experts(b, l, vf_build_router(b, l, normal), normal);
  return vf_over2(b, bytes, e, y);
}

/* A dense part and experts that read the same sum, each behind norms of its own. */
static bool is_twin(const vf_layer *l) {
  bool both = l->n_experts != 0 && l->n_ff != 0;
  return both && (l->ops & (VF_OPS_BOTH_SUMMED | VF_OPS_INPUT_EXPERTS)) == 0;
}

static vf_ref twin_feed_forward(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t bytes = vf_build_rows(b, b->model->n_embd);
  vf_ref dense = vf_build_dense(b, l, vf_norm(b, l, bytes, x, VF_ROLE_FFN_NORM));
  dense = vf_norm(b, l, bytes, dense, VF_ROLE_FFN_POST_NORM_1);
  vf_ref normal = vf_norm(b, l, bytes, x, VF_ROLE_FFN_PRE_NORM_2);
  vf_ref scaled = vf_apply(b, bytes, x, 2);
  scaled = vf_over2(b, bytes, scaled, vf_weight(b, VF_ROLE_FFN_ROUTER_SCALE));
  vf_ref experts = vf_build_experts(b, l, vf_build_router(b, l, scaled), normal);
  experts = vf_norm(b, l, bytes, experts, VF_ROLE_FFN_POST_NORM_2);
  vf_ref y = vf_over2(b, bytes, dense, experts);
  y = vf_norm(b, l, bytes, y, VF_ROLE_FFN_POST_NORM);
  return vf_over2(b, bytes, y, x);
}

static vf_ref select_logits(vf_ggml_builder *b, const vf_layer *l) {
  uint64_t bytes = vf_build_mul(b, b->g->output_rows, l->n_experts, F32_BYTES);
  return vf_new2(b, bytes, b->logits, b->in[VF_IN_OUTPUT_IDS]);
}

/* A mixer and a feed-forward one after the other, or one of them alone. */
static vf_ref serial_layer(vf_ggml_builder *b, const vf_layer *l, bool last, vf_ref x) {
  uint64_t bytes = vf_build_tokens(b, b->model->n_embd);
  bool early = l->n_experts != 0 && (l->ops & VF_OPS_ROUTER_FIRST) != 0;
  b->logits = early ? vf_build_router(b, l, x) : 0;
  vf_ref skip = l->ops & VF_OPS_SKIP ? b->embedding : 0;
  vf_ref y = is_bare(l) ? x : vf_norm(b, l, bytes, x, VF_ROLE_ATTN_NORM);
  if (b->delta) vf_expand(b, y);
  y = mix(b, l, y);
  if (l->ops & VF_OPS_NORM_ROWS) y = vf_norm(b, l, bytes, y, VF_ROLE_ATTN_POST_NORM);
  if (last) {
    y = vf_select_rows(b, y);
    x = vf_select_rows(b, x);
    if (skip != 0) skip = vf_select_rows(b, skip);
    if (early) b->logits = select_logits(b, l);
    vf_cut_rows(b);
  }
  bytes = vf_build_rows(b, b->model->n_embd);
  if (l->mixers == 0 || !feeds(l)) return vf_over2(b, bytes, y, x);
  y = finish_branch(b, l, y, VF_ROLE_ATTN_POST_NORM);
  vf_ref sum =
      vf_has(l, VF_LAYER_ATTN_RESIDUAL_FIRST) ? vf_over2(b, bytes, x, y) : vf_over2(b, bytes, y, x);
  if (l->ops & VF_OPS_INPUT_EXPERTS && l->n_experts != 0) return input_experts(b, l, x, sum);
  x = is_twin(l) ? twin_feed_forward(b, l, sum) : add_feed_forward(b, l, sum);
  if (l->embd_per_layer != 0) x = vf_add_layer_input(b, l, last, x);
  if (vf_has(l, VF_LAYER_OUT_SCALE))
    x = vf_over2(b, bytes, x, vf_weight(b, VF_ROLE_LAYER_OUTPUT_SCALE));
  return skip != 0 ? vf_over2(b, bytes, x, vf_over(b, bytes, skip)) : x;
}

static vf_ref rwkv_gated_layer(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  vf_ref sum = vf_view(vf_build_rwkv_gated(b, l, x));
  if (b->layer + 1 == b->n_layers) {
    sum = vf_select_rows(b, sum);
    vf_cut_rows(b);
  }
  return add_feed_forward(b, l, sum);
}

vf_ref vf_build_layer(vf_ggml_builder *b, uint32_t i, vf_ref x) {
  const vf_layer *l = &b->model->layers[i];
  bool last = i + 1 == b->n_layers && (b->model->flags & VF_MODEL_LATE_ROWS) == 0 &&
              (l->ops & VF_OPS_LAST_ROWS) == 0;
  bool both = (l->mixers & VF_MIX_ATTENTION) && (l->mixers & VF_MIX_RECURRENT);
  b->layer = i;
  if (l->ops & VF_OPS_RWKV_GATED) return rwkv_gated_layer(b, l, x);
  if (l->ops & VF_OPS_RWKV6) return vf_build_rwkv6_layer(b, i, x);
  if (l->mixers & VF_MIX_RWKV) return vf_build_rwkv_layer(b, i, x);
  if (l->altup != 0) return vf_build_altup_layer(b, l, x);
  if (both) return hybrid_layer(b, l, last, x);
  if (vf_has(l, VF_LAYER_PARALLEL)) return parallel_layer(b, l, last, x);
  if (l->ops & VF_OPS_NORM_AFTER) return normed_sums_layer(b, l, last, x);
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

/* Embeddings of the kind of text and of the place; with both, the place is the first operand. */
static vf_ref add_places(vf_ggml_builder *b, uint64_t bytes, vf_ref x) {
  bool types = (b->model->flags & VF_MODEL_TOKEN_TYPES) != 0;
  if (types) x = vf_over2(b, bytes, x, vf_weight(b, VF_ROLE_TOKEN_TYPES));
  if ((b->model->flags & VF_MODEL_POSITION_EMBD) == 0) return x;
  vf_ref places = vf_new2(b, bytes, vf_weight(b, VF_ROLE_POSITION_EMBD), b->in[VF_IN_POSITIONS]);
  return types ? vf_over2(b, bytes, places, x) : vf_over2(b, bytes, x, places);
}

vf_ref vf_build_start(vf_ggml_builder *b) {
  const vf_model *m = b->model;
  const vf_layer *l = &m->layers[0];
  uint64_t bytes = vf_build_tokens(b, m->n_embd);
  vf_ref x = look_up(b, VF_IN_TOKENS, VF_IN_EMBD);
  b->layer = UINT32_MAX;
  if (b->host_inputs) vf_expand(b, x);
  if (b->host_inputs) vf_expand(b, b->in[VF_IN_EMBD_GIVEN]);
  x = add_places(b, bytes, x);
  if (m->flags & (VF_MODEL_EMBD_SCALED | VF_MODEL_EMBD_SCALED_FIRST)) x = vf_over(b, bytes, x);
  if (m->flags & VF_MODEL_EMBD_SCALED_FIRST) vf_expand(b, x);
  if (m->flags & VF_MODEL_EMBD_NORM) x = vf_norm(b, l, bytes, x, VF_ROLE_TOKEN_EMBD_NORM);
  if (m->flags & VF_MODEL_START_NORM) x = vf_over(b, bytes, x);
  if (l->ops & VF_OPS_SKIP) vf_graph_hold(&b->graph, b->embedding = x);
  if (l->embd_per_layer == 0) return x;
  if (b->host_inputs)
    b->in[VF_IN_LAYER_EMBD] = vf_view(look_up(b, VF_IN_LAYER_TOKENS, VF_IN_LAYER_EMBD));
  if (l->altup != 0) return vf_build_altup_start(b, x);
  vf_build_layer_inputs(b, x);
  return x;
}

/* One row per sequence: the mean of its tokens, or one of them. */
static void pool(vf_ggml_builder *b, vf_ref x) {
  const vf_model *m = b->model;
  uint64_t all = vf_build_tokens(b, m->n_embd);
  uint64_t bytes = vf_build_mul(b, b->g->seqs, m->n_embd, F32_BYTES);
  if (m->flags & VF_MODEL_POOL_MEAN)
    x = vf_new2(b, bytes, vf_new(b, all, vf_view(x)), b->in[VF_IN_POOL]);
  else if (m->flags & VF_MODEL_POOL_ROWS)
    x = vf_new2(b, bytes, x, b->in[VF_IN_POOL]);
  vf_expand(b, x);
}

static vf_ref end_norm(vf_ggml_builder *b, vf_ref x) {
  const vf_model *m = b->model;
  if (m->flags & VF_MODEL_NO_END_NORM) return x;
  return vf_norm(b, &m->layers[0], vf_build_rows(b, m->n_embd), x, VF_ROLE_OUTPUT_NORM);
}

/* Models of short convolutions leave the logits out where embeddings are served
 * (models/lfm2.cpp). */
static void add_logits(vf_ggml_builder *b, vf_ref x) {
  uint64_t bytes = vf_build_rows(b, b->model->n_vocab);
  bool leaves_out = (b->model->layers[0].mixers & VF_MIX_SHORTCONV) != 0;
  if (b->g->pooled && leaves_out) {
    vf_expand(b, x);
    return;
  }
  x = vf_multiply(b, bytes, VF_ROLE_OUTPUT, x);
  if (b->model->flags & VF_MODEL_IMAGE_LOGITS) x = vf_new2(b, bytes, x, b->in[VF_IN_IMAGE_LOGITS]);
  if (b->g->pooled) vf_graph_output(&b->graph, x);
  vf_expand(b, x);
}

/* The mean of each sequence's tokens: a product with their transposed copy
 * (src/llama-graph.cpp, build_pooling). */
static void pool_mean(vf_ggml_builder *b, vf_ref x) {
  uint64_t width = b->model->n_embd;
  vf_ref turned = vf_new(b, vf_build_rows(b, width), vf_view(x));
  vf_expand(b,
            vf_new2(b, vf_build_mul(b, width, b->g->seqs, F32_BYTES), turned, b->in[VF_IN_MEAN]));
}

void vf_build_end(vf_ggml_builder *b, vf_ref x) {
  const vf_model *m = b->model;
  bool altup = m->layers[0].altup != 0, late = (m->flags & VF_MODEL_LATE_ROWS) != 0;
  bool before = altup || (m->flags & VF_MODEL_ROWS_BEFORE_NORM) != 0;
  bool all = (m->layers[0].ops & VF_OPS_LAST_ROWS) != 0;
  b->layer = UINT32_MAX;
  if (altup) x = vf_build_altup_end(b, x);
  if (before && late) vf_graph_output(&b->graph, x);
  if (before) x = vf_select_rows(b, x);
  if (before) vf_cut_rows(b);
  x = end_norm(b, x);
  vf_graph_output(&b->graph, x);
  if (m->flags & VF_MODEL_ENCODER) {
    pool(b, x);
    return;
  }
  if (late && !before) x = vf_select_rows(b, x);
  if (!all) vf_cut_rows(b);
  vf_graph_output(&b->graph, x);
  if (m->flags & VF_MODEL_RESULT_SCALED) x = vf_over(b, vf_build_rows(b, m->n_embd), x);
  add_logits(b, x);
  if (b->g->pooled) pool_mean(b, x);
}

/* What the builder has no rule for, and is bounded instead. */
bool vf_ggml_graph_is_known(const vf_model *m) {
  static const uint64_t others = VF_LAYER_CROSS_GATES;
  static const uint32_t mixers = VF_MIX_CROSS | VF_MIX_LINEAR;
  for (uint32_t i = 0; i < m->n_layers; i++) {
    const vf_layer *l = &m->layers[i];
    if (i > 0 && memcmp(l, l - 1, sizeof *l) == 0) continue;
    if ((l->flags & others) || (l->ops & VF_OPS_UNKNOWN) || (l->mixers & mixers) ||
        l->expert_embd != 0)
      return false;
  }
  return true;
}
