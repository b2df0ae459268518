/* ggml_graph.c - a model's graph from its inputs to the logits, and the buffers that it needs.
 *
 * Rules: ggml_build.h.  The graph is built twice: up to the layer where every input has been read,
 * to learn their order, which is the order of their memory; then all of it, played layer by layer,
 * with layers left out that come in equal periods and change nothing any more. */
#include "engines/ggml_graph.h"

#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "core/format.h"
#include "engines/ggml_build.h"

enum {
  GPU_ALIGN_BYTES = 128, /* ggml-cuda.cu, buffer type alignment */
  CPU_ALIGN_BYTES = 32,  /* ggml-backend.cpp, TENSOR_ALIGNMENT */
  F32_BYTES = 4,
  F16_BYTES = 2,
  ID_BYTES = 8,       /* cache indices are int64 */
  POSITION_BYTES = 4, /* int32 */
  CELL_STEP = 256,    /* windows are rounded up to this many cells */
  ROTATION_MIN = 64,
};

/* ---- Sizes ------------------------------------------------------------------------------------
 */

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
  uint64_t sharing = g->streams == 1 ? g->seqs : 1;
  uint64_t cells = c->window * sharing + g->ubatch;
  return (vf_min_u64(g->cells, cells) + CELL_STEP - 1) / CELL_STEP * CELL_STEP;
}

/* Every stream masks its own share of the tokens; f16 for flash attention, else f32. */
bool vf_ggml_mask_bytes(uint64_t *out, const vf_ggml_graph *g, uint64_t cells) {
  uint64_t rows = g->tokens / g->streams;
  return vf_mul3(out, rows, g->streams, cells) &&
         vf_mul(out, *out, g->flash_attn ? F16_BYTES : F32_BYTES);
}

/* ---- Operations -------------------------------------------------------------------------------
 */

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

void vf_sink(vf_ggml_builder *b, vf_ref x, vf_ref ids) {
  vf_expand(b, vf_graph_op(&b->graph, VF_OP_EXTERNAL, 0, (vf_ref[]){x, ids}, 2));
}

void vf_expand(vf_ggml_builder *b, vf_ref x) {
  vf_graph_expand(&b->graph, x);
}

vf_ref vf_norm(vf_ggml_builder *b, const vf_layer *l, uint64_t bytes, vf_ref x) {
  bool keeps = vf_has(l, VF_LAYER_LAYER_NORM | VF_LAYER_NORM_BIAS);
  x = keeps ? vf_new(b, bytes, x) : vf_over(b, bytes, x);
  return vf_apply(b, bytes, x, vf_has(l, VF_LAYER_NORM_BIAS) ? 2 : 1);
}

vf_ref vf_project(vf_ggml_builder *b, uint64_t bytes, vf_ref x, bool bias) {
  x = vf_new(b, bytes, x);
  return bias ? vf_over(b, bytes, x) : x;
}

vf_ref vf_select_rows(vf_ggml_builder *b, vf_ref x) {
  uint64_t bytes = vf_build_mul(b, b->g->output_rows, b->model->n_embd, F32_BYTES);
  return vf_new2(b, bytes, x, b->in[VF_IN_OUTPUT_IDS]);
}

vf_ref vf_apply(vf_ggml_builder *b, uint64_t bytes, vf_ref x, int times) {
  for (int i = 0; i < times; i++) x = vf_over(b, bytes, x);
  return x;
}

/* ---- Inputs -----------------------------------------------------------------------------------
 */

static void need(vf_ggml_builder *b, int input, uint64_t bytes, uint32_t layer) {
  b->in_bytes[input] = bytes;
  b->last_use[input] = layer;
}

static void need_cache(vf_ggml_builder *b, const vf_layer *l, uint32_t i) {
  const vf_ggml_graph *g = b->g;
  bool latent = l->kv_lora != 0;
  int w = vf_window_index(b->model, l);
  uint64_t mask = 0;
  const vf_cache_layer c = {.kind = w ? VF_CACHE_WINDOW : VF_CACHE_FULL, .window = l->window};
  if (!vf_ggml_mask_bytes(&mask, g, vf_ggml_cache_cells(b->model, g, &c))) b->graph.overflow = true;
  bool writes = !vf_has(l, VF_LAYER_KV_SHARED | VF_LAYER_KV_UNCACHED);
  if (writes) need(b, VF_IN_K_IDS + w, vf_build_mul(b, g->tokens, ID_BYTES, 1), i);
  need(b, VF_IN_MASK + w, mask, i);
  if (latent) return;
  uint64_t ids = g->flash_attn ? 1 : (uint64_t)l->v_dim * l->n_kv_heads;
  ids = vf_max_u64(vf_build_mul(b, g->tokens, ids, ID_BYTES), b->in_bytes[VF_IN_V_IDS + w]);
  if (writes) need(b, VF_IN_V_IDS + w, ids, i);
  if (vf_build_is_rotated(g->kv_k, l->k_dim))
    need(b, VF_IN_K_ROTATION + w, vf_build_rotation(l->k_dim), i);
  if (vf_build_is_rotated(g->kv_v, l->v_dim))
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

static void need_all(vf_ggml_builder *b) {
  const vf_layer *first = &b->model->layers[0];
  uint64_t tokens = vf_build_mul(b, b->g->tokens, F32_BYTES, 1);
  for (int i = 0; i < VF_IN_COUNT; i++) b->last_use[i] = UINT32_MAX;
  memset(b->in_bytes, 0, sizeof b->in_bytes);
  need(b, VF_IN_TOKENS, tokens, 0);
  need(b, VF_IN_EMBD, vf_build_tokens(b, b->model->n_embd), 0);
  need(b, VF_IN_EMBD_GIVEN, vf_build_tokens(b, b->model->n_embd), 0);
  bool late = first->altup != 0 || (b->model->flags & VF_MODEL_LATE_ROWS) != 0;
  need(b, VF_IN_OUTPUT_IDS, vf_build_mul(b, b->g->output_rows, POSITION_BYTES, 1),
       late ? b->n_layers : b->n_layers - 1);
  if (first->altup != 0) {
    uint64_t all = (uint64_t)first->embd_per_layer * b->n_layers;
    need(b, VF_IN_LAYER_TOKENS, tokens, 0);
    need(b, VF_IN_LAYER_EMBD, vf_build_tokens(b, all), 0);
  }
  for (uint32_t i = 0; i < b->n_layers; i++) need_layer(b, &b->model->layers[i], i);
}

/* On the CPU the list of states that move is a part of the other one. */
static void make_inputs(vf_ggml_builder *b) {
  bool cpu = b->g->on_cpu;
  for (int i = 0; i < VF_IN_COUNT; i++) {
    b->in[i] = 0;
    if (b->last_use[i] == UINT32_MAX || (cpu && i == VF_IN_STATES_MOVED)) continue;
    if (cpu && (i == VF_IN_EMBD || i == VF_IN_LAYER_EMBD)) continue;
    b->in[i] = vf_graph_input(&b->graph, b->in_bytes[i], (uint8_t)i);
  }
  if (!cpu || b->in[VF_IN_STATES] == 0) return;
  b->in[VF_IN_STATES] = vf_view(b->in[VF_IN_STATES]);
  b->in[VF_IN_STATES_MOVED] = b->in[VF_IN_STATES];
}

/* Inputs that nothing behind this layer reads end with their last use in it. */
static void release_inputs(vf_ggml_builder *b, uint32_t layer) {
  for (int i = 0; i < VF_IN_COUNT; i++)
    if (b->in[i] != 0 && b->last_use[i] == layer && i != VF_IN_EMBD_GIVEN)
      vf_graph_release(&b->graph, b->in[i]);
}

/* ---- Layers -----------------------------------------------------------------------------------
 */

static bool feeds(const vf_layer *l) {
  return l->n_ff != 0 || l->n_experts != 0;
}

/* Attention and feed-forward read the same norm; the sum takes the feed-forward first. */
static vf_ref parallel_layer(vf_ggml_builder *b, const vf_layer *l, bool last, vf_ref x) {
  uint64_t bytes = vf_build_tokens(b, b->model->n_embd);
  vf_ref f = vf_norm(b, l, bytes, x), a = vf_build_attention(b, l, f);
  if (!vf_has(l, VF_LAYER_ONE_NORM)) f = vf_norm(b, l, bytes, x);
  if (last) {
    a = vf_select_rows(b, a);
    x = vf_select_rows(b, x);
    f = vf_select_rows(b, f);
    b->rows = b->g->output_rows;
  }
  bytes = vf_build_rows(b, b->model->n_embd);
  return vf_over2(b, bytes, vf_over2(b, bytes, vf_build_feed_forward(b, l, f), x), a);
}

/* Attention and a recurrent part side by side, each behind its own norm of the same input. */
static vf_ref hybrid_layer(vf_ggml_builder *b, const vf_layer *l, bool last, vf_ref x) {
  uint64_t bytes = vf_build_tokens(b, b->model->n_embd);
  vf_ref a = vf_build_attention(b, l, vf_norm(b, l, bytes, x));
  vf_ref r = vf_build_recurrent(b, l, vf_norm(b, l, bytes, x));
  vf_ref y = vf_over2(b, bytes, a, r);
  x = vf_over2(b, bytes, y, x);
  if (last) {
    x = vf_select_rows(b, x);
    b->rows = b->g->output_rows;
  }
  bytes = vf_build_rows(b, b->model->n_embd);
  return vf_over2(b, bytes, vf_build_feed_forward(b, l, vf_norm(b, l, bytes, x)), x);
}

static vf_ref mix(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  if (l->mixers & VF_MIX_RECURRENT) return vf_build_recurrent(b, l, x);
  if (l->mixers & VF_MIX_ATTENTION) return vf_build_attention(b, l, x);
  return vf_build_feed_forward(b, l, x);
}

/* A branch on its way back into the residual stream. */
static vf_ref finish_branch(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t bytes = vf_build_rows(b, b->model->n_embd);
  if (vf_has(l, VF_LAYER_POST_NORMS)) x = vf_norm(b, l, bytes, x);
  return vf_has(l, VF_LAYER_RESID_SCALED) ? vf_over(b, bytes, x) : x;
}

static vf_ref add_feed_forward(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t bytes = vf_build_rows(b, b->model->n_embd);
  vf_ref normal = vf_has(l, VF_LAYER_NO_NORMS) ? x : vf_norm(b, l, bytes, x);
  vf_ref y = finish_branch(b, l, vf_build_feed_forward(b, l, normal));
  return vf_has(l, VF_LAYER_RESIDUAL_FIRST) ? vf_over2(b, bytes, x, y) : vf_over2(b, bytes, y, x);
}

/* A mixer and a feed-forward one after the other, or one of them alone. */
static vf_ref serial_layer(vf_ggml_builder *b, const vf_layer *l, bool last, vf_ref x) {
  uint64_t bytes = vf_build_tokens(b, b->model->n_embd);
  vf_ref y = vf_has(l, VF_LAYER_NO_NORMS) ? x : vf_norm(b, l, bytes, x);
  if (b->delta) vf_expand(b, y);
  y = mix(b, l, y);
  if (last) {
    y = vf_select_rows(b, y);
    x = vf_select_rows(b, x);
    b->rows = b->g->output_rows;
  }
  bytes = vf_build_rows(b, b->model->n_embd);
  if (l->mixers == 0 || !feeds(l)) return vf_over2(b, bytes, y, x);
  y = finish_branch(b, l, y);
  x = vf_has(l, VF_LAYER_ATTN_RESIDUAL_FIRST) ? vf_over2(b, bytes, x, y) : vf_over2(b, bytes, y, x);
  return add_feed_forward(b, l, x);
}

static vf_ref build_layer(vf_ggml_builder *b, uint32_t i, vf_ref x) {
  const vf_layer *l = &b->model->layers[i];
  bool last = i + 1 == b->n_layers && (b->model->flags & VF_MODEL_LATE_ROWS) == 0;
  bool both = (l->mixers & VF_MIX_ATTENTION) && (l->mixers & VF_MIX_RECURRENT);
  if (l->mixers & VF_MIX_RWKV) return vf_build_rwkv_layer(b, i, x);
  if (l->altup != 0) return vf_build_altup_layer(b, l, x);
  if (both) return hybrid_layer(b, l, last, x);
  if (vf_has(l, VF_LAYER_PARALLEL)) return parallel_layer(b, l, last, x);
  return serial_layer(b, l, last, x);
}

/* ---- The graph --------------------------------------------------------------------------------
 */

/* The embedding is looked up on the host; on the CPU that is a part of the graph. */
static vf_ref look_up(vf_ggml_builder *b, int tokens, int embd) {
  if (!b->g->on_cpu) return b->in[embd];
  return vf_new(b, b->in_bytes[embd], b->in[tokens]);
}

static vf_ref build_start(vf_ggml_builder *b) {
  const vf_model *m = b->model;
  const vf_layer *l = &m->layers[0];
  uint64_t bytes = vf_build_tokens(b, m->n_embd);
  vf_ref x = look_up(b, VF_IN_TOKENS, VF_IN_EMBD);
  if (b->g->on_cpu) vf_expand(b, x);
  if (b->g->on_cpu) vf_expand(b, b->in[VF_IN_EMBD_GIVEN]);
  if (m->flags & (VF_MODEL_EMBD_SCALED | VF_MODEL_EMBD_SCALED_FIRST)) x = vf_over(b, bytes, x);
  if (m->flags & VF_MODEL_EMBD_SCALED_FIRST) vf_expand(b, x);
  if (m->flags & VF_MODEL_EMBD_NORM) x = vf_norm(b, l, bytes, x);
  if (l->altup == 0) return x;
  if (b->g->on_cpu)
    b->in[VF_IN_LAYER_EMBD] = vf_view(look_up(b, VF_IN_LAYER_TOKENS, VF_IN_LAYER_EMBD));
  return vf_build_altup_start(b, x);
}

static void build_end(vf_ggml_builder *b, vf_ref x) {
  const vf_model *m = b->model;
  bool altup = m->layers[0].altup != 0, late = (m->flags & VF_MODEL_LATE_ROWS) != 0;
  if (altup) x = vf_select_rows(b, vf_build_altup_end(b, x));
  if (altup) b->rows = b->g->output_rows;
  x = vf_norm(b, &m->layers[0], vf_build_rows(b, m->n_embd), x);
  vf_graph_output(&b->graph, x);
  if (late) x = vf_select_rows(b, x);
  b->rows = b->g->output_rows;
  if (late) vf_graph_output(&b->graph, x);
  vf_expand(b, vf_new(b, vf_build_rows(b, m->n_vocab), x));
}

static void step(vf_ggml_builder *b, uint32_t layer) {
  release_inputs(b, layer);
  if (layer + 1 == b->n_layers && b->first_value != 0) vf_graph_release(&b->graph, b->first_value);
  if (layer + 1 == b->n_layers && b->layer_inputs != 0)
    vf_graph_release(&b->graph, b->layer_inputs);
  vf_graph_step(&b->graph);
}

/* How many inputs there are to come across before the output's. */
static uint32_t count_inputs(const vf_ggml_builder *b) {
  uint32_t n = 0;
  for (int i = 0; i < VF_IN_COUNT; i++) {
    bool unread =
        i == VF_IN_OUTPUT_IDS ||
        (!b->g->on_cpu && (i == VF_IN_TOKENS || i == VF_IN_LAYER_TOKENS || i == VF_IN_EMBD_GIVEN));
    bool part = b->g->on_cpu && i == VF_IN_STATES_MOVED;
    n += b->in[i] != 0 && !unread && !part && (b->in[i] & VF_REF_VIEW) == 0;
    n += b->g->on_cpu && i == VF_IN_STATES && b->in[i] != 0;
  }
  return n;
}

static void begin(vf_ggml_builder *b) {
  vf_graph_init(&b->graph, b->g->on_cpu ? CPU_ALIGN_BYTES : GPU_ALIGN_BYTES);
  b->graph.inputs_by_visit = b->g->on_cpu;
  b->rows = b->g->tokens;
  b->first_value = b->layer_inputs = 0;
  make_inputs(b);
}

/* The order in which the inputs are come across. */
static void learn_order(vf_ggml_builder *b) {
  begin(b);
  uint32_t wanted = count_inputs(b);
  vf_ref x = build_start(b);
  for (uint32_t i = 0; i < b->n_layers && b->graph.n_inputs < wanted; i++) {
    x = build_layer(b, i, x);
    step(b, i);
  }
  vf_expand(b, x);
}

static bool is_listed(const vf_graph *g, int input) {
  for (uint32_t i = 0; i < g->n_inputs; i++)
    if (g->input_order[i] == input) return true;
  return false;
}

static void place_inputs(vf_ggml_builder *b, const uint8_t *order, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) vf_graph_place(&b->graph, b->in[order[i]] & 0xFFFF);
}

/* The first layer that may not be left out: an input ends with it. */
static uint32_t first_special(const vf_ggml_builder *b) {
  uint32_t first = b->n_layers - 1;
  for (int i = 0; i < VF_IN_COUNT; i++) {
    bool start = i == VF_IN_TOKENS || i == VF_IN_EMBD || i == VF_IN_EMBD_GIVEN ||
                 i == VF_IN_LAYER_TOKENS || i == VF_IN_LAYER_EMBD;
    if (!start && b->last_use[i] < first) first = b->last_use[i];
  }
  return first;
}

/* Layers that come in equal periods leave equal states behind once the memory has settled: then
 * the periods up to the first special layer change nothing and are left out. */
static vf_ref play_layers(vf_ggml_builder *b, vf_ref x) {
  uint32_t period = b->model->layer_period, special = first_special(b);
  uint32_t next_check = vf_max_u32(b->model->periodic_from, 1);
  vf_graph_state before, now;
  bool saved = false;
  for (uint32_t i = 0; i < b->n_layers && !b->graph.overflow; i++) {
    if (i == next_check && i + period <= special) {
      vf_graph_save(&b->graph, x, &now);
      if (saved && vf_graph_state_equal(&before, &now)) i += (special - i) / period * period;
      before = now;
      saved = true;
      next_check = i + period;
    }
    x = build_layer(b, i, x);
    step(b, i);
  }
  return x;
}

static void play(vf_ggml_builder *b) {
  uint8_t order[sizeof b->graph.input_order];
  learn_order(b);
  uint32_t n = b->graph.n_inputs;
  memcpy(order, b->graph.input_order, sizeof order);
  if (!is_listed(&b->graph, VF_IN_OUTPUT_IDS) && n < sizeof order) order[n++] = VF_IN_OUTPUT_IDS;
  bool overflow = b->graph.overflow;
  begin(b);
  place_inputs(b, order, n);
  vf_ref x = play_layers(b, build_start(b));
  build_end(b, x);
  release_inputs(b, b->n_layers);
  vf_graph_step(&b->graph);
  b->graph.overflow |= overflow;
}

static void start(vf_ggml_builder *b, const vf_model *model, const vf_ggml_graph *g) {
  b->model = model;
  b->g = g;
  b->n_layers = model->n_layers;
  while (b->n_layers > 1 && vf_has(&model->layers[b->n_layers - 1], VF_LAYER_MTP)) b->n_layers--;
  b->windows = b->delta = false;
  for (uint32_t i = 0; i < b->n_layers; i++) {
    b->windows |= vf_window_index(model, &model->layers[i]) != 0;
    b->delta |= (model->layers[i].mixers & VF_MIX_DELTA) != 0;
  }
  b->graph.overflow = false;
  need_all(b);
}

vf_status vf_ggml_device_buffer(uint64_t *out, const vf_model *model, const vf_ggml_graph *g,
                                vf_error *err) {
  vf_ggml_builder b; /* large: filled as far as it is used */
  start(&b, model, g);
  bool overflow = b.graph.overflow;
  play(&b);
  if (overflow || b.graph.overflow)
    return vf_fail(err, VF_OVERFLOW, "the compute buffer of this batch does not fit 64 bits");
  *out = b.graph.peak_bytes;
  return VF_OK;
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

/* ---- The host's side --------------------------------------------------------------------------
 */

/* Everything that is read from outside, and what was looked up; nothing of it is freed there. */
vf_status vf_ggml_host_buffer(uint64_t *out, const vf_model *model, const vf_ggml_graph *g,
                              vf_error *err) {
  vf_ggml_builder b;
  uint64_t sum = 0;
  start(&b, model, g);
  bool fits = !b.graph.overflow;
  for (int i = 0; i < VF_IN_COUNT && fits; i++) {
    uint64_t bytes;
    fits = vf_align_up(&bytes, b.in_bytes[i], CPU_ALIGN_BYTES) && vf_add(&sum, sum, bytes);
  }
  if (!fits) return vf_fail(err, VF_OVERFLOW, "the inputs of this batch do not fit 64 bits");
  *out = sum;
  return VF_OK;
}
