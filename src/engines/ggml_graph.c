/* ggml_graph.c - recording a model's graph on a tape, operation by operation.
 *
 * Source of the order, the sizes and which operations overwrite an operand: llama.cpp v0.5.0
 * (de3ff81), src/llama-graph.cpp, src/models/, ggml/src/ggml-alloc.c and, for what a CUDA
 * attention node asks for on top, ggml/src/ggml-cuda/fattn.cu.  A few rules to know:
 *  - an operation that reads a reshaped or sliced tensor cannot overwrite it;
 *  - a normalization and the product with its weight, a sum, a scaling and a rotary embedding can;
 *  - a matrix product and a gated unit cannot. */
#include "engines/ggml_graph.h"

#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "core/format.h"
#include "core/tape.h"

enum {
  GPU_ALIGN_BYTES = 128, /* ggml-cuda.cu, buffer type alignment */
  CPU_ALIGN_BYTES = 32,  /* ggml-backend.cpp, TENSOR_ALIGNMENT */
  F32_BYTES = 4,
  F16_BYTES = 2,
  ID_BYTES = 8,       /* cache indices are int64 */
  POSITION_BYTES = 4, /* int32 */
  CELL_STEP = 256,    /* windows are rounded up to this many cells */
  ROTATION_MIN = 64,  /* quantized caches: Hadamard rotation in powers of two from 64 */
};

/* What the device holds from the start and frees after its last use. */
typedef struct inputs {
  vf_node embd, positions, k_rotation, v_rotation, k_ids, v_ids, mask, output_ids;
} inputs;

typedef struct recorder {
  const vf_model *model;
  const vf_ggml_graph *g;
  vf_tape tape;
  inputs in;
  uint32_t last_rope; /* last layer that reads the positions */
} recorder;

/* ---- Sizes ------------------------------------------------------------------------------ */

/* a * b * c, or an overflow noted on the tape. */
static uint64_t product(recorder *r, uint64_t a, uint64_t b, uint64_t c) {
  uint64_t n = 0;
  if (!vf_mul3(&n, a, b, c)) r->tape.overflow = true;
  return n;
}

static uint64_t plus(recorder *r, uint64_t a, uint64_t b) {
  uint64_t n = 0;
  if (!vf_add(&n, a, b)) r->tape.overflow = true;
  return n;
}

/* rows x width numbers as f32: what nearly every intermediate result is. */
static uint64_t f32(recorder *r, uint64_t rows, uint64_t width) {
  return product(r, rows, width, F32_BYTES);
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

/* Quantized keys and values are rotated to spread outliers, where the head size allows it
 * (llama-kv-cache.cpp, attn_rot_k, attn_rot_v). */
static bool is_rotated(vf_format format, uint64_t head_dim) {
  return vf_format_get(format)->quantized && head_dim % ROTATION_MIN == 0;
}

/* Keys turn in the largest power of two that divides the head. */
static uint64_t k_rotation_bytes(uint64_t head_dim) {
  uint64_t p = ROTATION_MIN;
  while (head_dim % (2 * p) == 0) p *= 2;
  return p * p * F32_BYTES;
}

static const uint64_t v_rotation_bytes = ROTATION_MIN * ROTATION_MIN * F32_BYTES;

/* Without flash attention values are stored transposed: one index per number, not per row. */
static uint64_t v_ids_per_token(const vf_ggml_graph *g, const vf_layer *l) {
  return g->flash_attn ? 1 : (uint64_t)l->v_dim * l->n_kv_heads;
}

/* ---- Inputs ----------------------------------------------------------------------------- */

static vf_node input(recorder *r, uint64_t bytes) {
  vf_node node = vf_tape_op_new(&r->tape, bytes, 0, 0, 0);
  vf_tape_hold(&r->tape, node);
  return node;
}

static void record_cache_inputs(recorder *r, const vf_layer *l) {
  const vf_ggml_graph *g = r->g;
  uint64_t mask = 0;
  if (!vf_ggml_mask_bytes(&mask, g, g->cells)) r->tape.overflow = true;
  if (is_rotated(g->kv_k, l->k_dim)) r->in.k_rotation = input(r, k_rotation_bytes(l->k_dim));
  if (is_rotated(g->kv_v, l->v_dim)) r->in.v_rotation = input(r, v_rotation_bytes);
  r->in.k_ids = input(r, product(r, g->tokens, 1, ID_BYTES));
  r->in.v_ids = input(r, product(r, g->tokens, v_ids_per_token(g, l), ID_BYTES));
  r->in.mask = input(r, mask);
}

/* In the order in which the scheduler copies them; on the CPU the embedding is looked up here. */
static void record_inputs(recorder *r) {
  const vf_ggml_graph *g = r->g;
  uint64_t embd = f32(r, g->tokens, r->model->n_embd);
  vf_node ids = 0;
  if (g->on_cpu) ids = vf_tape_op_new(&r->tape, product(r, g->tokens, 1, F32_BYTES), 0, 0, 0);
  if (g->on_cpu)
    input(r, embd);
  else
    r->in.embd = vf_tape_op_new(&r->tape, embd, 0, 0, 0);
  r->in.positions = input(r, product(r, g->tokens, 1, POSITION_BYTES));
  record_cache_inputs(r, &r->model->layers[0]);
  r->in.output_ids = input(r, product(r, g->output_rows, 1, F32_BYTES));
  if (g->on_cpu) r->in.embd = vf_tape_op_new(&r->tape, embd, ids, 0, 0);
}

/* ---- A layer ---------------------------------------------------------------------------- */

static bool has(const vf_layer *l, uint64_t flag) {
  return (l->flags & flag) != 0;
}

/* x / rms(x), then times the weight: the second result takes the first one's place. */
static vf_node norm(recorder *r, uint64_t bytes, vf_node x) {
  vf_node y = vf_tape_op_on(&r->tape, bytes, 1, x, 0, 0);
  return vf_tape_op_on(&r->tape, bytes, 1, y, 0, 0);
}

/* Normalization per head reads a reshaped tensor, so it needs memory; the rest is in place. */
static vf_node head_norm_and_rope(recorder *r, const vf_layer *l, uint64_t bytes, vf_node x) {
  vf_tape *t = &r->tape;
  bool rope = !has(l, VF_LAYER_NO_ROPE);
  if (has(l, VF_LAYER_QK_NORM)) {
    x = vf_tape_op_new(t, bytes, x, 0, 0);
    x = vf_tape_op_on(t, bytes, 1, x, 0, 0);
    return rope ? vf_tape_op_on(t, bytes, 1, x, r->in.positions, 0) : x;
  }
  return rope ? vf_tape_op_new(t, bytes, x, r->in.positions, 0) : x;
}

/* A projection of x, with its bias. */
static vf_node project(recorder *r, uint64_t bytes, vf_node x, bool bias) {
  vf_node y = vf_tape_op_new(&r->tape, bytes, x, 0, 0);
  return bias ? vf_tape_op_on(&r->tape, bytes, 1, y, 0, 0) : y;
}

static vf_node rotate(recorder *r, uint64_t bytes, vf_node rotation, vf_node x) {
  return rotation == 0 ? x : vf_tape_op_new(&r->tape, bytes, rotation, x, 0);
}

static vf_node record_key(recorder *r, const vf_layer *l, vf_node x, vf_node qkv) {
  uint64_t bytes = f32(r, r->g->tokens, (uint64_t)l->k_dim * l->n_kv_heads);
  if (qkv == 0) qkv = project(r, bytes, x, has(l, VF_LAYER_QKV_BIAS));
  return rotate(r, bytes, r->in.k_rotation, head_norm_and_rope(r, l, bytes, qkv));
}

static vf_node record_value(recorder *r, const vf_layer *l, vf_node x, vf_node qkv) {
  uint64_t bytes = f32(r, r->g->tokens, (uint64_t)l->v_dim * l->n_kv_heads);
  if (qkv == 0) qkv = project(r, bytes, x, has(l, VF_LAYER_QKV_BIAS));
  return rotate(r, bytes, r->in.v_rotation, qkv);
}

/* Keys and values are made, written to the cache and dropped.  Values come first, except where a
 * fused matrix or a rotated cache makes the program build them after the keys. */
static void record_cache_writes(recorder *r, const vf_layer *l, vf_node x, vf_node qkv) {
  bool k_first = qkv != 0 || r->in.k_rotation != 0 || r->in.v_rotation != 0;
  vf_node k = 0, v = 0;
  if (k_first) k = record_key(r, l, x, qkv);
  v = record_value(r, l, x, qkv);
  if (!k_first) k = record_key(r, l, x, qkv);
  vf_tape_use(&r->tape, k, r->in.k_ids);
  vf_tape_use(&r->tape, v, r->in.v_ids);
}

static vf_node record_query(recorder *r, const vf_layer *l, vf_node x, vf_node qkv) {
  uint64_t bytes = f32(r, r->g->tokens, (uint64_t)l->k_dim * l->n_heads);
  vf_node q = qkv != 0 ? qkv : project(r, bytes, x, has(l, VF_LAYER_QKV_BIAS));
  q = head_norm_and_rope(r, l, bytes, q);
  if (has(l, VF_LAYER_Q_SCALED)) q = vf_tape_op_on(&r->tape, bytes, 1, q, 0, 0);
  return rotate(r, bytes, r->in.k_rotation, q);
}

/* On a GPU a cache that is not f16 is converted as a whole behind the result (fattn.cu). */
static uint64_t f16_copy_bytes(recorder *r, vf_format format, uint64_t width) {
  if (format == VF_FORMAT_F16 || r->g->on_cpu) return 0;
  return product(r, product(r, r->g->cells, r->g->streams, width), F16_BYTES, 1);
}

static uint64_t aligned(recorder *r, uint64_t bytes) {
  uint64_t n = 0;
  if (!vf_align_up(&n, bytes, r->tape.align_bytes)) r->tape.overflow = true;
  return n;
}

static uint64_t flash_attention_bytes(recorder *r, const vf_layer *l, uint64_t bytes) {
  uint64_t k = f16_copy_bytes(r, r->g->kv_k, (uint64_t)l->k_dim * l->n_kv_heads);
  uint64_t v = f16_copy_bytes(r, r->g->kv_v, (uint64_t)l->v_dim * l->n_kv_heads);
  if (k != 0) bytes = plus(r, aligned(r, bytes), k);
  if (v != 0) bytes = plus(r, aligned(r, bytes), v);
  return bytes;
}

/* Scores of every token against every cell, in f32, softmax in place; then the values. */
static vf_node record_plain_attention(recorder *r, const vf_layer *l, uint64_t bytes, vf_node q) {
  uint64_t per_head = product(r, r->g->tokens / r->g->streams, r->g->streams, r->g->cells);
  uint64_t scores = product(r, per_head, l->n_heads, F32_BYTES);
  vf_node s = vf_tape_op_new(&r->tape, scores, q, 0, 0);
  s = vf_tape_op_on(&r->tape, scores, 1, s, r->in.mask, 0);
  vf_node o = vf_tape_op_new(&r->tape, bytes, s, 0, 0);
  return vf_tape_op_new(&r->tape, bytes, o, 0, 0);
}

/* From the normalized input to the attention's output projection. */
static vf_node record_attention(recorder *r, const vf_layer *l, vf_node x) {
  const vf_ggml_graph *g = r->g;
  uint64_t fused =
      ((uint64_t)l->n_heads + l->n_kv_heads) * l->k_dim + (uint64_t)l->n_kv_heads * l->v_dim;
  uint64_t bytes = f32(r, g->tokens, (uint64_t)l->v_dim * l->n_heads);
  vf_node qkv = 0, o;
  if (has(l, VF_LAYER_QKV_FUSED))
    qkv = project(r, f32(r, g->tokens, fused), x, has(l, VF_LAYER_QKV_BIAS));
  vf_node q = record_query(r, l, x, qkv);
  record_cache_writes(r, l, x, qkv);
  if (g->flash_attn)
    o = vf_tape_op_new(&r->tape, flash_attention_bytes(r, l, bytes), q, r->in.mask, 0);
  else
    o = record_plain_attention(r, l, bytes, q);
  o = rotate(r, bytes, r->in.v_rotation, o);
  return project(r, f32(r, g->tokens, r->model->n_embd), o, has(l, VF_LAYER_OUT_BIAS));
}

static vf_node record_feed_forward(recorder *r, const vf_layer *l, uint64_t rows, vf_node x) {
  uint64_t bytes = f32(r, rows, l->n_ff);
  bool bias = has(l, VF_LAYER_FFN_BIAS);
  vf_node y;
  if (has(l, VF_LAYER_FFN_FUSED)) {
    vf_node up = project(r, plus(r, bytes, bytes), x, bias);
    y = vf_tape_op_new(&r->tape, bytes, up, 0, 0);
  } else {
    vf_node gate = project(r, bytes, x, bias);
    vf_node up = project(r, bytes, x, bias);
    y = vf_tape_op_new(&r->tape, bytes, gate, up, 0);
  }
  return project(r, f32(r, rows, r->model->n_embd), y, bias);
}

/* One layer; the last one goes on with the output rows alone. */
static vf_node record_layer(recorder *r, uint32_t i, vf_node x) {
  const vf_layer *l = &r->model->layers[i];
  vf_tape *t = &r->tape;
  bool last = i + 1 == r->model->n_layers;
  uint64_t rows = last ? r->g->output_rows : r->g->tokens;
  uint64_t bytes = f32(r, rows, r->model->n_embd);
  vf_node a = norm(r, f32(r, r->g->tokens, r->model->n_embd), x);
  a = record_attention(r, l, a);
  if (last) a = vf_tape_op_new(t, bytes, a, r->in.output_ids, 0);
  if (last) x = vf_tape_op_new(t, bytes, x, r->in.output_ids, 0);
  vf_node sum = vf_tape_op_on(t, bytes, 2, a, x, 0);
  vf_node f = record_feed_forward(r, l, rows, norm(r, bytes, sum));
  if (has(l, VF_LAYER_RESIDUAL_FIRST)) return vf_tape_op_on(t, bytes, 2, sum, f, 0);
  return vf_tape_op_on(t, bytes, 2, f, sum, 0);
}

/* ---- The graph -------------------------------------------------------------------------- */

static uint32_t last_layer_with_rope(const vf_model *m) {
  uint32_t i = m->n_layers;
  while (i > 0 && has(&m->layers[i - 1], VF_LAYER_NO_ROPE)) i--;
  return i == 0 ? 0 : i - 1;
}

/* Inputs that no later layer reads end with this one. */
static void release_inputs(recorder *r, uint32_t layer) {
  if (layer == r->last_rope) vf_tape_release(&r->tape, r->in.positions);
  if (layer + 1 != r->model->n_layers) return;
  const vf_node last[] = {r->in.k_rotation, r->in.v_rotation, r->in.k_ids,
                          r->in.v_ids,      r->in.mask,       r->in.output_ids};
  for (size_t i = 0; i < sizeof last / sizeof *last; i++)
    if (last[i] != 0) vf_tape_release(&r->tape, last[i]);
}

/* Layers that come in equal periods leave equal states behind once the memory has settled: then
 * the periods up to the first special layer change nothing and are left out. */
static vf_node record_layers(recorder *r, vf_node x) {
  const vf_model *m = r->model;
  uint32_t period = m->layer_period, special = r->last_rope;
  uint32_t next_check = m->periodic_from;
  vf_tape_state before, now;
  bool saved = false;
  for (uint32_t i = 0; i < m->n_layers; i++) {
    if (i == next_check && i + period <= special) {
      vf_tape_save(&r->tape, x, &now);
      if (saved && vf_tape_state_equal(&before, &now)) i += (special - i) / period * period;
      before = now;
      saved = true;
      next_check = i + period;
    }
    release_inputs(r, i);
    x = record_layer(r, i, x);
    vf_tape_step(&r->tape);
  }
  return x;
}

static void record_output(recorder *r, vf_node x) {
  uint64_t rows = r->g->output_rows;
  x = norm(r, f32(r, rows, r->model->n_embd), x);
  vf_tape_op_new(&r->tape, f32(r, rows, r->model->n_vocab), x, 0, 0);
  vf_tape_step(&r->tape);
}

/* Plain decoders: attention over every token, then a gated feed-forward, each behind a norm. */
static bool is_plain(const vf_layer *l) {
  static const uint64_t known = VF_LAYER_QKV_FUSED | VF_LAYER_QKV_BIAS | VF_LAYER_OUT_BIAS |
                                VF_LAYER_QK_NORM | VF_LAYER_NO_ROPE | VF_LAYER_Q_SCALED |
                                VF_LAYER_FFN_FUSED | VF_LAYER_FFN_BIAS | VF_LAYER_RESIDUAL_FIRST;
  return l->mixers == VF_MIX_ATTENTION && (l->flags & ~known) == 0 && l->kv_lora == 0 &&
         l->n_experts == 0 && l->n_ff != 0;
}

bool vf_ggml_graph_is_known(const vf_model *m) {
  const uint32_t others = VF_MODEL_LATE_ROWS | VF_MODEL_EMBD_SCALED | VF_MODEL_ENCODER |
                          VF_MODEL_SCORE_CAP | VF_MODEL_EMBD_NORM | VF_MODEL_MROPE;
  if ((m->flags & others) != 0) return false;
  for (uint32_t i = 0; i < m->n_layers; i++) {
    if (i > 0 && memcmp(&m->layers[i], &m->layers[i - 1], sizeof *m->layers) == 0) continue;
    bool windowed = m->layers[i].window != 0 && (m->flags & VF_MODEL_WINDOW_UNUSED) == 0;
    if (!is_plain(&m->layers[i]) || windowed) return false;
  }
  return true;
}

vf_status vf_ggml_device_buffer(uint64_t *out, const vf_model *model, const vf_ggml_graph *g,
                                vf_error *err) {
  recorder r;
  r.model = model;
  r.g = g;
  r.in = (inputs){0};
  r.last_rope = last_layer_with_rope(model);
  vf_tape_init(&r.tape, g->on_cpu ? CPU_ALIGN_BYTES : GPU_ALIGN_BYTES);
  record_inputs(&r);
  vf_tape_step(&r.tape);
  record_output(&r, record_layers(&r, r.in.embd));
  if (r.tape.overflow)
    return vf_fail(err, VF_OVERFLOW, "the compute buffer of this batch does not fit 64 bits");
  *out = r.tape.peak_bytes;
  return VF_OK;
}

/* ---- The host's side -------------------------------------------------------------------- */

static bool add_aligned(uint64_t *sum, uint64_t a, uint64_t b, uint64_t c) {
  uint64_t bytes;
  return vf_mul3(&bytes, a, b, c) && vf_align_up(&bytes, bytes, CPU_ALIGN_BYTES) &&
         vf_add(sum, *sum, bytes);
}

/* One cache's inputs: ids of the rows that are written, the mask, rotations. */
static bool add_cache_inputs(uint64_t *sum, const vf_model *m, const vf_ggml_graph *g,
                             const vf_cache_layer *c) {
  uint64_t mask, tokens = g->tokens;
  bool latent = c->kind == VF_CACHE_LATENT;
  uint64_t k = !latent && is_rotated(g->kv_k, c->k_dim) ? k_rotation_bytes(c->k_dim) : 0;
  uint64_t v = !latent && is_rotated(g->kv_v, c->v_dim) ? v_rotation_bytes : 0;
  uint64_t v_ids = g->flash_attn ? 1 : (uint64_t)c->n_kv_heads * c->v_dim;
  return vf_ggml_mask_bytes(&mask, g, vf_ggml_cache_cells(m, g, c)) &&
         add_aligned(sum, mask, 1, 1) && add_aligned(sum, tokens, ID_BYTES, 1) &&
         add_aligned(sum, latent ? 0 : tokens, v_ids, ID_BYTES) && add_aligned(sum, k, 1, 1) &&
         add_aligned(sum, v, 1, 1);
}

/* Layers with a window share one cache, those without another, recurrent ones a list of states. */
static bool add_caches_inputs(uint64_t *sum, const vf_model *m, const vf_ggml_graph *g) {
  bool seen[3] = {false, false, false};
  for (size_t i = 0; i < m->n_caches; i++) {
    const vf_cache_layer *c = &m->caches[i];
    bool state = c->kind == VF_CACHE_STATE;
    int kind = state ? 2 : c->window != 0 && (m->flags & VF_MODEL_WINDOW_UNUSED) == 0;
    if (seen[kind] || c->kind == VF_CACHE_INDEXER || c->kind == VF_CACHE_CROSS) continue;
    seen[kind] = true;
    bool fits =
        state ? add_aligned(sum, g->seqs, POSITION_BYTES, 1) : add_cache_inputs(sum, m, g, c);
    if (!fits) return false;
  }
  return true;
}

/* Token ids, the looked-up embeddings, the unused input for given embeddings, positions, the
 * caches' inputs, the ids of the output rows. */
vf_status vf_ggml_host_buffer(uint64_t *out, const vf_model *model, const vf_ggml_graph *g,
                              vf_error *err) {
  uint64_t sum = 0, tokens = g->tokens, per_layer = model->layers[0].embd_per_layer;
  bool rotates = false;
  for (uint32_t i = 0; i < model->n_layers; i++)
    rotates |= (model->layers[i].mixers & VF_MIX_ATTENTION) != 0 &&
               (model->layers[i].flags & VF_LAYER_NO_ROPE) == 0;
  uint64_t positions = !rotates ? 0 : (model->flags & VF_MODEL_MROPE) ? 4 : 1;
  bool fits = add_aligned(&sum, tokens, F32_BYTES, 1) &&
              add_aligned(&sum, tokens, model->n_embd, F32_BYTES) &&
              add_aligned(&sum, tokens, model->n_embd, F32_BYTES) &&
              add_aligned(&sum, tokens, per_layer * model->n_layers, F32_BYTES) &&
              add_aligned(&sum, per_layer != 0 ? tokens : 0, F32_BYTES, 1) &&
              add_aligned(&sum, tokens, positions, POSITION_BYTES) &&
              add_caches_inputs(&sum, model, g) && add_aligned(&sum, g->output_rows, F32_BYTES, 1);
  if (!fits) return vf_fail(err, VF_OVERFLOW, "the inputs of this batch do not fit 64 bits");
  *out = sum;
  return VF_OK;
}
