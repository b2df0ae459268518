/* model.h - a model as the core sees it: tensors, cache layers, and what each layer computes.
 *
 * Whatever named the model (a catalog entry, a config, a file), it ends here, and nothing below
 * asks which model it is looking at. */
#ifndef VF_CORE_MODEL_H
#define VF_CORE_MODEL_H

#include "base/arena.h"
#include "core/tensor.h"

/* ---- Cache layers: what a layer keeps per token ----------------------------------------- */

typedef enum vf_cache_kind {
  VF_CACHE_FULL, /* keys and values of every token */
} vf_cache_kind;

typedef struct vf_cache_layer {
  vf_cache_kind kind;
  uint32_t layer;
  uint32_t n_kv_heads;
  uint32_t k_dim, v_dim; /* elements per head */
} vf_cache_layer;

/* Everything but the layer's number. */
static inline bool vf_cache_layer_equal(const vf_cache_layer *a, const vf_cache_layer *b) {
  return a->kind == b->kind && a->n_kv_heads == b->n_kv_heads && a->k_dim == b->k_dim &&
         a->v_dim == b->v_dim;
}

/* ---- Layers: what a layer computes, as far as it decides the size of its activations ------ */

enum vf_layer_flag {
  VF_LAYER_QKV_FUSED = 1 << 0, /* one matrix makes Q, K and V */
  VF_LAYER_QKV_BIAS = 1 << 1,
  VF_LAYER_OUT_BIAS = 1 << 2, /* attention output projection */
  VF_LAYER_QK_NORM = 1 << 3,  /* Q and K are normalized per head */
  VF_LAYER_NO_ROPE = 1 << 4,
  VF_LAYER_Q_SCALED = 1 << 5,       /* Q is scaled by an operation of its own */
  VF_LAYER_FFN_FUSED = 1 << 6,      /* one matrix makes gate and up */
  VF_LAYER_FFN_BIAS = 1 << 7,       /* gate, up and down */
  VF_LAYER_RESIDUAL_FIRST = 1 << 8, /* the sum takes the residual as its first operand */
};

typedef struct vf_layer {
  uint32_t flags;
  uint32_t n_heads, n_kv_heads;
  uint32_t k_dim, v_dim; /* per head */
  uint32_t n_ff;
} vf_layer;

/* ---- The model -------------------------------------------------------------------------- */

enum { VF_MODEL_TEXT = 128, VF_MAX_LAYERS = 4096, VF_MODEL_ASSUMPTIONS = 4 };
#define VF_MAX_ELEMENTS (UINT64_C(1) << 56)

struct vf_model {
  vf_arena *arena; /* owns the lists; the model itself lies in it too */

  char id[VF_MODEL_TEXT];
  char arch[32]; /* general.architecture of a GGUF file */
  char source[VF_MODEL_TEXT];
  char quant[24]; /* recipe or the formats' own name; "" before any */

  uint64_t n_embd, n_vocab;
  uint64_t max_ctx_tokens; /* 0: not stated */
  uint64_t n_params, n_active_params;
  uint64_t widest_row;  /* elements: the longest row of any layer's matrix */
  vf_format own_format; /* what its makers publish it in */
  bool tied;            /* no output matrix: the token embedding serves */

  vf_assumption assumptions[VF_MODEL_ASSUMPTIONS]; /* static strings */
  size_t n_assumptions;

  vf_tensor *tensors;
  size_t n_tensors;
  vf_cache_layer *caches;
  size_t n_caches;
  vf_layer *layers;
  uint32_t n_layers;

  /* layers[i] equals layers[i + layer_period] for every i from periodic_from up to the last
   * period; found once, so that simulating a deep model costs as much as a shallow one. */
  uint32_t periodic_from, layer_period;
};

/* A model with empty lists of the given capacities, in an arena of its own. */
vf_status vf_model_new(vf_model **out, const vf_allocator *allocator, size_t tensors,
                       uint32_t layers, size_t caches, vf_error *err);

/* A deep copy. */
vf_status vf_model_clone(vf_model **out, const vf_model *model, vf_error *err);

/* To call once all lists are filled: counts parameters, finds the period.  VF_OVERFLOW if there
 * are more than VF_MAX_ELEMENTS in all: below it no sum over tensors, in any format and with any
 * padding, can leave 64 bits. */
vf_status vf_model_finish(vf_model *model, vf_error *err);

/* Takes something for granted about the architecture; the strings must be static. */
void vf_model_assume(vf_model *model, const char *code, const char *text);

/* Sum of tensor bytes as stored. */
uint64_t vf_model_weights_bytes(const vf_model *model);

#endif
