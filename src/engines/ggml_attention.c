/* ggml_attention.c - attention of a layer, operation by operation. */
#include "base/checked.h"
#include "core/format.h"
#include "engines/ggml_build.h"

enum { F16_BYTES = 2, F32_BYTES = 4, ROTATION_MIN = 64, CUDA_ALIGN_BYTES = 128 };

/* Sizes of one attention as the cache sees it: latent ones have one wide key head. */
typedef struct shape {
  uint64_t heads, kv_heads, k, v; /* k, v: elements per head */
  uint64_t cells;                 /* per stream */
  uint64_t absorbed_v;            /* latent: width that the result is multiplied back to; 0: none */
  int window;                     /* index of the inputs */
} shape;

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

/* ---- The cache ------------------------------------------------------------------------------- */

static void write_cache(vf_ggml_builder *b, const vf_layer *l, const shape *s, vf_ref k, vf_ref v) {
  bool latent = l->kv_lora != 0;
  vf_expand(b, b->windows ? k : v);
  vf_expand(b, b->windows ? v : k);
  if (k != 0) vf_sink(b, vf_view(k), b->in[VF_IN_K_IDS + s->window]);
  if (v != 0 && !latent) vf_sink(b, vf_view(v), b->in[VF_IN_V_IDS + s->window]);
}

/* On a GPU a cache that is not f16 is converted as a whole behind the result (fattn.cu:719). */
static uint64_t with_copy(vf_ggml_builder *b, uint64_t bytes, vf_format format, uint64_t cells,
                          uint64_t width) {
  uint64_t aligned = 0;
  if (format == VF_FORMAT_F16 || width == 0) return bytes;
  if (!vf_align_up(&aligned, bytes, CUDA_ALIGN_BYTES)) b->graph.overflow = true;
  return vf_build_add(b, aligned, vf_build_mul(b, cells, width, F16_BYTES));
}

static vf_ref flash_attention(vf_ggml_builder *b, const vf_layer *l, const shape *s, vf_ref q) {
  const vf_ggml_graph *g = b->g;
  uint64_t bytes = vf_build_tokens(b, s->v * s->heads), size = bytes;
  uint64_t cells = vf_build_mul(b, s->cells, g->streams, 1);
  vf_ref x = vf_new2(b, bytes, vf_view(q), b->in[VF_IN_MASK + s->window]);
  if (!g->on_cpu) {
    size = with_copy(b, size, g->kv_k, cells, s->k * s->kv_heads);
    size = with_copy(b, size, g->kv_v, cells, l->kv_lora != 0 ? 0 : s->v * s->kv_heads);
    vf_graph_enlarge(&b->graph, x, size);
  }
  if (s->absorbed_v == 0) return vf_view(x);
  bytes = vf_build_tokens(b, s->absorbed_v * s->heads);
  x = vf_new(b, bytes, vf_view(x));
  return vf_view(vf_new(b, bytes, vf_view(x)));
}

/* Scores of every token against every cell, in f32, softmax in place; then the values. */
static vf_ref plain_attention(vf_ggml_builder *b, const vf_layer *l, const shape *s, vf_ref q) {
  const vf_ggml_graph *g = b->g;
  uint64_t scores = vf_build_mul(b, vf_build_tokens(b, s->heads), s->cells, 1);
  uint64_t bytes = vf_build_tokens(b, s->v * s->heads);
  vf_ref values = 0, x = vf_new(b, scores, vf_view(q));
  if (b->model->flags & VF_MODEL_SCORE_CAP) x = vf_apply(b, scores, x, 3);
  x = vf_over2(b, scores, x, b->in[VF_IN_MASK + s->window]);
  if (l->kv_lora != 0) /* values are a part of the keys: not transposed in the cache */
    values = vf_new(b, vf_build_mul(b, s->cells * F16_BYTES, s->v, g->streams), 0);
  x = vf_new2(b, bytes, values, x);
  if (s->absorbed_v != 0) {
    bytes = vf_build_tokens(b, s->absorbed_v * s->heads);
    x = vf_new(b, bytes, x);
  }
  return vf_new(b, bytes, vf_view(x));
}

static vf_ref attend(vf_ggml_builder *b, const vf_layer *l, const shape *s, vf_ref q, vf_ref k,
                     vf_ref v) {
  vf_ref k_rotation = b->in[VF_IN_K_ROTATION + s->window];
  vf_ref v_rotation = b->in[VF_IN_V_ROTATION + s->window];
  uint64_t v_bytes = vf_build_tokens(b, s->v * s->kv_heads);
  uint64_t result = vf_build_tokens(b, (s->absorbed_v != 0 ? s->absorbed_v : s->v) * s->heads);
  q = rotate(b, vf_build_tokens(b, s->k * s->heads), k_rotation, q);
  k = rotate(b, vf_build_tokens(b, s->k * s->kv_heads), k_rotation, k);
  v = rotate(b, v_bytes, v_rotation, v);
  vf_expand(b, q);
  write_cache(b, l, s, k, v);
  vf_ref x = b->g->flash_attn ? flash_attention(b, l, s, q) : plain_attention(b, l, s, q);
  vf_expand(b, x);
  return rotate(b, result, v_rotation, x);
}

static uint64_t cells_of(const vf_ggml_builder *b, const vf_layer *l) {
  const vf_cache_layer c = {.kind = l->window != 0 ? VF_CACHE_WINDOW : VF_CACHE_FULL,
                            .window = l->window};
  return vf_ggml_cache_cells(b->model, b->g, &c);
}

/* ---- Latent attention ------------------------------------------------------------------------ */

static vf_ref latent_query(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t bytes = vf_build_tokens(b, (uint64_t)l->n_heads * l->k_dim);
  if (l->q_lora == 0) return vf_new(b, bytes, x);
  uint64_t low = vf_build_tokens(b, l->q_lora);
  return vf_new(b, bytes, vf_norm(b, l, low, vf_new(b, low, x)));
}

static vf_ref latent_attention(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  uint64_t heads = l->n_heads, rope = l->rope_dim, lora = l->kv_lora;
  const shape s = {heads, 1, lora + rope, lora, cells_of(b, l), l->v_dim, 0};
  vf_ref positions = b->in[VF_IN_POSITIONS], q = latent_query(b, l, x);
  vf_ref kv = vf_new(b, vf_build_tokens(b, lora + rope), x);
  vf_ref q_rope = vf_over2(b, vf_build_tokens(b, rope * heads), vf_strided(q), positions);
  vf_ref k_rope = vf_over2(b, vf_build_tokens(b, rope), vf_strided(kv), positions);
  vf_ref c = vf_norm(b, l, vf_build_tokens(b, lora), vf_strided(kv));
  vf_ref absorbed = vf_new(b, vf_build_tokens(b, lora * heads), vf_strided(q));
  q = vf_new2(b, vf_build_tokens(b, s.k * heads), vf_view(absorbed), q_rope);
  vf_ref k = vf_new2(b, vf_build_tokens(b, s.k), vf_view(c), k_rope);
  x = attend(b, l, &s, q, k, vf_view(c));
  return vf_new(b, vf_build_tokens(b, b->model->n_embd), x);
}

/* ---- Heads ----------------------------------------------------------------------------------- */

/* Queries, keys and values on their way to the cache; gate: of the result. */
typedef struct heads {
  vf_ref q, k, v, gate;
  uint64_t q_bytes, k_bytes, v_bytes;
} heads;

static void project_fused(vf_ggml_builder *b, const vf_layer *l, vf_ref x, heads *h) {
  uint64_t all = vf_build_add(b, h->q_bytes, vf_build_add(b, h->k_bytes, h->v_bytes));
  vf_ref qkv = vf_project(b, all, x, vf_has(l, VF_LAYER_QKV_BIAS));
  h->q = h->k = h->v = vf_strided(qkv);
}

static void project_each(vf_ggml_builder *b, const vf_layer *l, vf_ref x, heads *h) {
  bool bias = vf_has(l, VF_LAYER_QKV_BIAS), gated = vf_has(l, VF_LAYER_Q_GATED);
  bool whole = vf_has(l, VF_LAYER_QK_NORM_FULL);
  h->q = vf_project(b, gated ? 2 * h->q_bytes : h->q_bytes, x, bias);
  if (whole) h->q = vf_norm(b, l, h->q_bytes, h->q);
  h->gate = gated ? vf_strided(h->q) : 0;
  h->q = gated ? vf_strided(h->q) : vf_view(h->q);
  if (vf_has(l, VF_LAYER_KV_SHARED | VF_LAYER_KV_UNCACHED)) return;
  h->k = vf_project(b, h->k_bytes, x, bias);
  h->v = vf_view(vf_has(l, VF_LAYER_K_IS_V) ? h->k : vf_project(b, h->v_bytes, x, bias));
  if (whole) h->k = vf_norm(b, l, h->k_bytes, h->k);
  h->k = vf_view(h->k);
}

static void normalize(vf_ggml_builder *b, const vf_layer *l, heads *h) {
  if (vf_has(l, VF_LAYER_QK_NORM | VF_LAYER_QK_NORM_ALL_HEADS)) {
    h->q = vf_norm(b, l, h->q_bytes, h->q);
    if (h->k != 0) h->k = vf_norm(b, l, h->k_bytes, h->k);
  }
  if (vf_has(l, VF_LAYER_V_NORM) && h->v != 0) h->v = vf_over(b, h->v_bytes, h->v);
}

static void position(vf_ggml_builder *b, const vf_layer *l, heads *h) {
  vf_ref positions = b->in[VF_IN_POSITIONS];
  if (vf_has(l, VF_LAYER_NO_ROPE)) {
    if (vf_has(l, VF_LAYER_Q_TEMP)) h->q = vf_over2(b, h->q_bytes, h->q, b->in[VF_IN_TEMPERATURE]);
    return;
  }
  h->q = vf_over2(b, h->q_bytes, h->q, positions);
  if (h->k != 0) h->k = vf_over2(b, h->k_bytes, h->k, positions);
  if (!vf_has(l, VF_LAYER_QK_L2)) return;
  h->q = vf_over(b, h->q_bytes, h->q);
  if (h->k != 0) h->k = vf_over(b, h->k_bytes, h->k);
}

vf_ref vf_build_attention(vf_ggml_builder *b, const vf_layer *l, vf_ref x) {
  if (l->kv_lora != 0) return latent_attention(b, l, x);
  const shape s = {l->n_heads,
                   l->n_kv_heads,
                   l->k_dim,
                   l->v_dim,
                   cells_of(b, l),
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
  x = attend(b, l, &s, h.q, h.k, h.v);
  if (h.gate != 0) {
    vf_ref gate = vf_over(b, h.q_bytes, vf_new(b, h.q_bytes, h.gate));
    x = vf_over2(b, h.q_bytes, x, gate);
  }
  return vf_project(b, vf_build_tokens(b, b->model->n_embd), x, vf_has(l, VF_LAYER_OUT_BIAS));
}
