/* attention.c - attention of a layer, operation by operation. */
#include "base/checked.h"
#include "core/buffer.h"
#include "engines/ggml/flash.h"
#include "engines/ggml/mixers/attend.h"

enum { F16_BYTES = 2, F32_BYTES = 4, ROTATION_MIN = 64, CUDA_ALIGN_BYTES = 128 };

/* Quantized keys and values are rotated to spread outliers, where the head size allows it
 * (src/llama-kv-cache.cpp, attn_rot_k, attn_rot_v). */
bool vf_build_is_rotated(vf_format format, uint64_t head_dim) {
  return vf_format_get(format)->quantized && head_dim != 0 && head_dim % ROTATION_MIN == 0;
}

/* Keys turn in the largest power of two that divides the head. */
uint64_t vf_build_rotation(uint64_t head_dim) {
  uint64_t p = ROTATION_MIN;
  while (head_dim % (2 * p) == 0) p *= 2;
  return p * p * F32_BYTES;
}

/* A product with a Hadamard matrix; what is not contiguous is copied first. */
static vf_ref rotate(vf_ggml_builder *b, uint64_t bytes, vf_ref rotation, vf_ref x) {
  if (rotation == 0 || x == 0) return x;
  if ((x & VF_REF_STRIDED) == VF_REF_STRIDED) x = vf_new(b, bytes, x);
  return vf_view(vf_new2(b, bytes, rotation, vf_view(x)));
}

/* ---- The cache -------------------------------------------------------------------------- */

/* Values that are a part of a wider row are not contiguous: up to the end of the last one. */
static vf_ref value_slice(vf_ggml_builder *b, const vf_layer *l, const vf_heads *s, vf_ref v) {
  uint64_t row = s->heads * s->k + s->kv_heads * (s->k + s->v), width = s->kv_heads * s->v;
  if (!vf_has(l, VF_LAYER_QKV_FUSED) || (v & VF_REF_STRIDED) != VF_REF_STRIDED)
    return vf_slice(b, vf_build_tokens(b, width), vf_view(v));
  return vf_slice(b, vf_build_tokens(b, row) - (row - width) * F32_BYTES, v);
}

void vf_write_cache(vf_ggml_builder *b, const vf_layer *l, const vf_heads *s, vf_ref k, vf_ref v) {
  bool latent = l->kv_lora != 0;
  vf_expand(b, b->windows ? k : v);
  vf_expand(b, b->windows ? v : k);
  if (k != 0) b->cache_at[s->window] = vf_cache_backend(b);
  uint8_t at = b->cache_at[s->window];
  uint64_t k_bytes = vf_build_tokens(b, s->k * s->kv_heads);
  if (k != 0) vf_sink(b, vf_slice(b, k_bytes, vf_view(k)), b->in[VF_IN_K_IDS + s->window], at);
  if (latent && vf_rule(b, VF_RULE_MLA_VALUES)) latent = false;
  if (v != 0 && !latent) vf_sink(b, value_slice(b, l, s, v), b->in[VF_IN_V_IDS + s->window], at);
}

/* The layer's attention is computed on the host: no kernel of the GPU takes it. */
static bool is_flash_on_host(const vf_ggml_builder *b) {
  const vf_ggml_graph *g = b->g;
  const vf_layer *l = &b->model->layers[b->layer];
  return b->schedule != NULL && g->flash_on_host &&
         !vf_ggml_flash_takes(g->build, l, g->kv_k, g->kv_v);
}

/* All of one cache: `width` elements per cell, in rows of `row`; a part of a wider cell ends
 * early. */
static vf_ref all_cells(vf_ggml_builder *b, const vf_heads *s, vf_format format, uint64_t width,
                        uint64_t row) {
  static const vf_buffer_rule copy_rule = {1, 512};
  uint64_t bytes = 0, cells = vf_build_mul(b, s->cells, b->g->streams, 1);
  if (b->schedule == NULL) return 0;
  if (!vf_format_row(&bytes, format, width)) b->graph.overflow = true;
  bytes = vf_build_mul(b, bytes, cells, 1);
  if (!is_flash_on_host(b))
    bytes = vf_build_add(b, bytes, vf_buffer_row_padding(&copy_rule, format, row));
  return vf_cache_rows(b, bytes, b->cache_at[s->window]);
}

static vf_ref all_keys(vf_ggml_builder *b, const vf_heads *s) {
  return all_cells(b, s, b->g->kv_k, s->k * s->kv_heads, s->k);
}

/* Values of latent attention lie within its keys, since they do. */
static bool is_part_of_keys(const vf_ggml_builder *b, const vf_layer *l) {
  return l->kv_lora != 0 && !vf_rule(b, VF_RULE_MLA_VALUES);
}

static vf_ref all_values(vf_ggml_builder *b, const vf_layer *l, const vf_heads *s) {
  if (is_part_of_keys(b, l)) return all_cells(b, s, b->g->kv_k, s->k, s->v);
  bool rows = vf_ggml_values_in_rows(b->g);
  uint64_t width = rows ? s->v * s->kv_heads : b->g->v_columns;
  return all_cells(b, s, b->g->kv_v, width, rows ? s->v : s->cells);
}

/* On a GPU a cache that is not f16 is converted as a whole behind the result (fattn.cu:719). */
static uint64_t with_copy(vf_ggml_builder *b, uint64_t bytes, vf_format format, uint64_t cells,
                          uint64_t width) {
  uint64_t aligned = 0;
  if (format == VF_FORMAT_F16 || width == 0 || !vf_rule(b, VF_RULE_CACHE_COPIES)) return bytes;
  if (!vf_align_up(&aligned, bytes, CUDA_ALIGN_BYTES)) b->graph.overflow = true;
  return vf_build_add(b, aligned, vf_build_mul(b, cells, width, F16_BYTES));
}

/* The mask; in f16 where it lies in f32, made by the first layer that reads it. */
static vf_ref mask_of(vf_ggml_builder *b, int window) {
  vf_ref mask = b->in[VF_IN_MASK + window], *half = &b->in[VF_IN_MASK_HALF + window];
  if (!b->g->flash_attn || !vf_rule(b, VF_RULE_MASK_F32)) return mask;
  if (*half == 0) {
    *half = vf_new(b, b->in_bytes[VF_IN_MASK + window] / 2, mask);
    vf_graph_number(&b->graph, *half, (uint8_t)(VF_IN_MASK_HALF + window));
  }
  return *half;
}

vf_ref vf_flash_attention(vf_ggml_builder *b, const vf_layer *l, const vf_heads *s, vf_ref q,
                          vf_ref mask) {
  const vf_ggml_graph *g = b->g;
  uint64_t bytes = vf_build_tokens(b, s->v * s->heads), size = bytes;
  uint64_t cells = vf_build_mul(b, s->cells, g->streams, 1);
  vf_ref sinks = vf_has(l, VF_LAYER_SINKS) ? vf_weight(b, VF_ROLE_ATTN_SINKS) : 0;
  const vf_ref sources[] = {q, all_keys(b, s), all_values(b, l, s), mask, sinks};
  if (sinks != 0) vf_graph_node_of(&b->graph, sinks)->outside = VF_OUTSIDE_TABLE;
  vf_ref x = vf_graph_op(&b->graph, VF_OP_NEW, bytes, sources, 5);
  bool on_host = is_flash_on_host(b);
  if (on_host) vf_graph_pin(&b->graph, x, (uint8_t)g->n_gpus);
  if (!g->on_cpu && !on_host) {
    size = with_copy(b, size, g->kv_k, cells, s->k * s->kv_heads);
    size = with_copy(b, size, g->kv_v, cells, is_part_of_keys(b, l) ? 0 : s->v * s->kv_heads);
    vf_graph_enlarge(&b->graph, x, size);
  }
  if (s->absorbed_v == 0) return vf_view(x);
  bytes = vf_build_tokens(b, s->absorbed_v * s->heads);
  x = vf_multiply(b, bytes, VF_ROLE_ATTN_V_B, vf_view(x));
  return vf_view(vf_new(b, bytes, vf_view(x)));
}

/* All values of a cache, in rows. */
static uint64_t values_bytes(vf_ggml_builder *b, const vf_heads *s) {
  uint64_t cells = vf_build_mul(b, s->cells, b->g->streams, s->kv_heads), row = 0;
  if (!vf_format_row(&row, b->g->kv_v, s->v)) b->graph.overflow = true;
  return vf_build_mul(b, cells, row, 1);
}

/* Scores of every token against every cell, in f32, softmax in place; then the values. */
vf_ref vf_plain_attention(vf_ggml_builder *b, const vf_layer *l, const vf_heads *s, vf_ref q,
                          vf_ref mask) {
  const vf_ggml_graph *g = b->g;
  uint64_t scores = vf_build_mul(b, vf_build_tokens(b, s->heads), s->cells, 1);
  uint64_t bytes = vf_build_tokens(b, s->v * s->heads);
  vf_ref values = all_values(b, l, s), x = vf_new2(b, scores, all_keys(b, s), q);
  if (b->model->flags & VF_MODEL_SCORE_CAP) x = vf_apply(b, scores, x, 3);
  vf_ref sinks = vf_has(l, VF_LAYER_SINKS) ? vf_weight(b, VF_ROLE_ATTN_SINKS) : 0;
  x = vf_over3(b, scores, x, mask, sinks);
  if (is_part_of_keys(b, l) || vf_ggml_values_in_rows(g)) /* not transposed in the cache */
    values = vf_new(b, values_bytes(b, s), values);
  x = vf_new2(b, bytes, values, x);
  if (s->absorbed_v != 0) {
    bytes = vf_build_tokens(b, s->absorbed_v * s->heads);
    x = vf_multiply(b, bytes, VF_ROLE_ATTN_V_B, x);
  }
  x = vf_new(b, bytes, vf_view(x));
  if (b->schedule != NULL && g->kv_on_host) vf_graph_pin(&b->graph, x, (uint8_t)g->n_gpus);
  return x;
}

/* Keys and values of the batch itself, in f16 for flash attention; else values are turned around.
 */
static vf_ref attend_to_batch(vf_ggml_builder *b, const vf_heads *s, vf_ref q, vf_ref k, vf_ref v) {
  uint64_t tokens = b->g->tokens, bytes = vf_build_tokens(b, s->v * s->heads);
  uint64_t k_bytes = vf_build_mul(b, tokens, s->k * s->kv_heads, F16_BYTES);
  uint64_t v_bytes = vf_build_mul(b, tokens, s->v * s->kv_heads, F16_BYTES);
  vf_ref mask = b->in[VF_IN_MASK + s->window], x;
  vf_expand(b, q);
  vf_expand(b, k);
  vf_expand(b, v);
  if (b->g->flash_attn) {
    const vf_ref sources[] = {vf_view(q), vf_new(b, k_bytes, vf_view(k)),
                              vf_new(b, v_bytes, vf_view(v)), mask};
    x = vf_view(vf_graph_op(&b->graph, VF_OP_NEW, bytes, sources, 4));
  } else {
    uint64_t scores = vf_build_mul(b, vf_build_tokens(b, s->heads), tokens, 1);
    vf_ref values = vf_new(b, 2 * v_bytes, vf_view(v));
    x = vf_over2(b, scores, vf_new2(b, scores, vf_view(k), vf_view(q)), mask);
    x = vf_new(b, bytes, vf_view(vf_new2(b, bytes, values, x)));
  }
  vf_expand(b, x);
  return x;
}

vf_ref vf_attend(vf_ggml_builder *b, const vf_layer *l, const vf_heads *s, vf_ref q, vf_ref k,
                 vf_ref v) {
  if (!vf_is_cached(b->model)) return attend_to_batch(b, s, q, k, v);
  vf_ref k_rotation = b->in[VF_IN_K_ROTATION + s->window];
  vf_ref v_rotation = b->in[VF_IN_V_ROTATION + s->window];
  uint64_t v_bytes = vf_build_tokens(b, s->v * s->kv_heads);
  uint64_t result = vf_build_tokens(b, (s->absorbed_v != 0 ? s->absorbed_v : s->v) * s->heads);
  q = rotate(b, vf_build_tokens(b, s->k * s->heads), k_rotation, q);
  k = rotate(b, vf_build_tokens(b, s->k * s->kv_heads), k_rotation, k);
  v = rotate(b, v_bytes, v_rotation, v);
  vf_expand(b, q);
  vf_write_cache(b, l, s, k, v);
  q = vf_slice(b, vf_build_tokens(b, s->k * s->heads), vf_view(q));
  vf_ref mask = mask_of(b, s->window);
  vf_ref x = b->g->flash_attn ? vf_flash_attention(b, l, s, q, mask)
                              : vf_plain_attention(b, l, s, q, mask);
  vf_expand(b, x);
  return rotate(b, result, v_rotation, x);
}

uint64_t vf_cells_of(const vf_ggml_builder *b, const vf_layer *l) {
  const vf_cache_layer c = {.kind = l->window != 0 ? VF_CACHE_WINDOW : VF_CACHE_FULL,
                            .window = l->window};
  return vf_ggml_cache_cells(b->model, b->g, &c);
}

/* ---- Heads ------------------------------------------------------------------------------ */

/* Queries, keys and values on their way to the cache; gate: of the result. */
typedef struct heads {
  vf_ref q, k, v, gate;
  uint64_t q_bytes, k_bytes, v_bytes;
} heads;

static void project_fused(vf_ggml_builder *b, const vf_layer *l, vf_ref x, heads *h) {
  uint64_t all = vf_build_add(b, h->q_bytes, vf_build_add(b, h->k_bytes, h->v_bytes));
  vf_ref qkv = vf_project(b, all, VF_ROLE_ATTN_QKV, x, vf_has(l, VF_LAYER_QKV_BIAS));
  h->q = h->k = h->v = vf_strided(qkv);
  if (!vf_rule(b, VF_RULE_QKV_COPIED)) return;
  h->q = vf_view(vf_new(b, h->q_bytes, h->q));
  h->k = vf_view(vf_new(b, h->k_bytes, h->k));
  h->v = vf_view(vf_new(b, h->v_bytes, h->v));
}

static void project_each(vf_ggml_builder *b, const vf_layer *l, vf_ref x, heads *h) {
  bool bias = vf_has(l, VF_LAYER_QKV_BIAS), gated = vf_has(l, VF_LAYER_Q_GATED);
  bool whole = vf_has(l, VF_LAYER_QK_NORM_FULL);
  h->q = vf_project(b, gated ? 2 * h->q_bytes : h->q_bytes, VF_ROLE_ATTN_Q, x, bias);
  if (whole) h->q = vf_norm(b, l, h->q_bytes, h->q, VF_ROLE_ATTN_Q_NORM);
  h->gate = gated ? vf_strided(h->q) : 0;
  h->q = gated ? vf_strided(h->q) : vf_view(h->q);
  if (vf_has(l, VF_LAYER_KV_SHARED | VF_LAYER_KV_UNCACHED)) return;
  h->k = vf_project(b, h->k_bytes, VF_ROLE_ATTN_K, x, bias);
  h->v = vf_view(vf_has(l, VF_LAYER_K_IS_V) ? h->k
                                            : vf_project(b, h->v_bytes, VF_ROLE_ATTN_V, x, bias));
  if (whole) h->k = vf_norm(b, l, h->k_bytes, h->k, VF_ROLE_ATTN_K_NORM);
  h->k = vf_view(h->k);
}

static void normalize(vf_ggml_builder *b, const vf_layer *l, heads *h) {
  if (vf_has(l, VF_LAYER_QK_NORM | VF_LAYER_QK_NORM_ALL_HEADS)) {
    h->q = vf_norm(b, l, h->q_bytes, h->q, VF_ROLE_ATTN_Q_NORM);
    if (h->k != 0) h->k = vf_norm(b, l, h->k_bytes, h->k, VF_ROLE_ATTN_K_NORM);
  }
  if (vf_has(l, VF_LAYER_V_NORM) && h->v != 0) h->v = vf_over(b, h->v_bytes, h->v);
}

static void position(vf_ggml_builder *b, const vf_layer *l, heads *h) {
  if (vf_has(l, VF_LAYER_NO_ROPE)) {
    if (vf_has(l, VF_LAYER_Q_TEMP)) h->q = vf_over2(b, h->q_bytes, h->q, b->in[VF_IN_TEMPERATURE]);
    return;
  }
  h->q = vf_rope(b, h->q_bytes, h->q);
  if (h->k != 0) h->k = vf_rope(b, h->k_bytes, h->k);
  if (!vf_has(l, VF_LAYER_QK_L2)) return;
  h->q = vf_over(b, h->q_bytes, h->q);
  if (h->k != 0) h->k = vf_over(b, h->k_bytes, h->k);
}

/* A gate of the result, one number per head or per element, out of what attention read. */
static vf_ref gated(vf_ggml_builder *b, const vf_layer *l, vf_ref y, vf_ref x) {
  uint64_t all = vf_build_tokens(b, (uint64_t)l->n_heads * l->v_dim);
  uint64_t one = vf_build_tokens(b, l->n_heads);
  if (vf_has(l, VF_LAYER_O_GATED))
    return vf_over2(b, all, y, vf_over(b, all, vf_multiply(b, all, VF_ROLE_ATTN_GATE, x)));
  if (!vf_has(l, VF_LAYER_HEAD_GATE)) return y;
  vf_ref gate = vf_over(b, one, vf_multiply(b, one, VF_ROLE_ATTN_GATE, x));
  return vf_view(vf_over2(b, all, vf_view(y), vf_view(gate)));
}

/* Keys are written before values here; the index key before both. */
static vf_ref attend_sparsely(vf_ggml_builder *b, const vf_layer *l, const vf_heads *s, vf_ref x,
                              heads *h) {
  vf_ref k_rotation = b->in[VF_IN_K_ROTATION], v_rotation = b->in[VF_IN_V_ROTATION];
  bool windows = b->windows;
  vf_write_index(b, l, x);
  h->q = rotate(b, h->q_bytes, k_rotation, h->q);
  h->k = rotate(b, h->k_bytes, k_rotation, h->k);
  h->v = rotate(b, h->v_bytes, v_rotation, h->v);
  vf_expand(b, h->q);
  b->windows = true;
  vf_write_cache(b, l, s, h->k, h->v);
  b->windows = windows;
  vf_ref y = vf_build_block_sparse(b, l, x, h->q);
  return rotate(b, vf_build_tokens(b, s->v * s->heads), v_rotation, y);
}

vf_ref vf_build_attention(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  if (l->kv_lora != 0) return vf_build_latent(b, l, x);
  if (l->kv_expanded != 0) return vf_build_expanded(b, l, x);
  const vf_heads s = {l->n_heads,
                      l->n_kv_heads,
                      l->k_dim,
                      l->v_dim,
                      vf_cells_of(b, l),
                      0,
                      vf_window_index(b->model, l)};
  heads h = {0};
  h.q_bytes = vf_build_tokens(b, s.k * s.heads);
  h.k_bytes = vf_build_tokens(b, s.k * s.kv_heads);
  h.v_bytes = vf_build_tokens(b, s.v * s.kv_heads);
  if (vf_has(l, VF_LAYER_QKV_FUSED))
    project_fused(b, l, x, &h);
  else
    project_each(b, l, x, &h);
  normalize(b, l, &h);
  position(b, l, &h);
  if (vf_has(l, VF_LAYER_Q_SCALED)) h.q = vf_over(b, h.q_bytes, h.q);
  bool sparse = vf_is_block_sparse(b->g, l);
  vf_ref y = sparse ? attend_sparsely(b, l, &s, x, &h) : vf_attend(b, l, &s, h.q, h.k, h.v);
  if (h.gate != 0) {
    vf_ref gate = vf_over(b, h.q_bytes, vf_new(b, h.q_bytes, h.gate));
    y = vf_over2(b, h.q_bytes, y, gate);
  }
  y = gated(b, l, y, x);
  if (vf_has(l, VF_LAYER_SUB_NORMS))
    y = vf_norm(b, l, vf_build_tokens(b, s.v * s.heads), y, VF_ROLE_ATTN_SUB_NORM);
  return vf_project(b, vf_build_tokens(b, b->model->n_embd), VF_ROLE_ATTN_OUTPUT, y,
                    vf_has(l, VF_LAYER_OUT_BIAS));
}
