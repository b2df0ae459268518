/* build.h - what the parts of a graph's builder share.
 *
 * Source of the operations, their order, and which of them overwrite an operand: llama.cpp v0.5.0
 * (de3ff81), src/llama-graph.cpp and src/models/, and for what a CUDA node asks for on top
 * ggml/src/ggml-cuda/.  Rules to know: a result that is read reshaped, sliced or transposed is not
 * overwritten; normalizing to a root mean square, sums, products, scaling, rotation, unary
 * functions and softmax overwrite an operand; matrix products, gated units, layer norms, copies and
 * row gathers do not. */
#ifndef VF_ENGINES_GGML_BUILD_H
#define VF_ENGINES_GGML_BUILD_H

#include "core/schedule.h"
#include "engines/ggml/graph.h"

/* What a graph reads from outside; of caches one for layers with and without a window. */
enum vf_ggml_input {
  VF_IN_TOKENS,
  VF_IN_EMBD,
  VF_IN_EMBD_GIVEN, /* for callers that bring embeddings: never read */
  VF_IN_POSITIONS,
  VF_IN_K_IDS,
  VF_IN_V_IDS = VF_IN_K_IDS + 2,
  VF_IN_MASK = VF_IN_V_IDS + 2,
  VF_IN_K_ROTATION = VF_IN_MASK + 2,
  VF_IN_V_ROTATION = VF_IN_K_ROTATION + 2,
  VF_IN_STATES = VF_IN_V_ROTATION + 2, /* which states to read */
  VF_IN_STATES_MOVED,                  /* and which to move: none */
  VF_IN_OUTPUT_IDS,
  VF_IN_TEMPERATURE,
  VF_IN_LAYER_TOKENS,
  VF_IN_LAYER_EMBD,
  VF_IN_MEAN,       /* how much each token counts in a sequence's pooled embedding */
  VF_IN_ROPE_TABLE, /* of the layers on the host */
  VF_IN_POOL,       /* which tokens are a sequence's */
  VF_IN_IMAGE_LOGITS,
  VF_IN_INDEX_K_IDS, /* of an index: cells to write, positions' cells, cells' blocks, masks */
  VF_IN_INDEX_SLOTS,
  VF_IN_INDEX_CELLS,
  VF_IN_INDEX_MASK,
  VF_IN_INDEX_BIAS,
  VF_IN_INDEX_ROTATION,
  VF_IN_ZEROS,
  VF_IN_MASK_HALF, /* the mask as flash attention reads it, made of the one in f32 */
  VF_IN_COUNT = VF_IN_MASK_HALF + 2
};
_Static_assert((int)VF_IN_COUNT <= (int)VF_GRAPH_INPUTS, "a number for every input");

enum { VF_ZEROS_MAX = 256 }; /* layers that choose cells; further ones take memory when they do */

typedef struct vf_ggml_builder {
  const vf_model *model;
  const vf_ggml_graph *g;
  uint32_t n_layers; /* of the graph: without those that predict further tokens */
  uint32_t layer;    /* that is being built; UINT32_MAX: what is around the layers */
  uint64_t rows;     /* tokens that go on: the batch, or the output rows behind the last layer */
  bool windows;      /* any layer has a window: keys are made before values */
  bool delta;        /* any layer is a gated delta net */
  vf_ref in[VF_IN_COUNT];
  uint64_t in_bytes[VF_IN_COUNT];
  uint32_t last_use[VF_IN_COUNT]; /* layer; n_layers: the output; UINT32_MAX: none */
  vf_ref first_value;             /* RWKV: of layer 0 */
  vf_ref layer_inputs;            /* Gemma 3n: of all layers */
  vf_ref embedding;               /* that each layer adds a share of */
  vf_ref whole_mask;              /* of the cache, in f32 */
  vf_ref chosen;                  /* cells that the last indexer chose */
  vf_ref zeros[VF_ZEROS_MAX];     /* by layer: what opens the mask of its chosen cells */
  vf_ref logits;                  /* of the experts, where the layer's input decides; else 0 */
  size_t first_tensor;            /* of the layers, if they lie one after the other */
  size_t end_tensor;
  uint8_t cache_at[2];   /* backend of the cache that was written last */
  bool host_inputs;      /* the graph reads inputs where they are, not copies of them */
  vf_schedule *schedule; /* of several backends; NULL: one runs all */
  struct vf_ggml_skip *skip;
  vf_graph graph;
} vf_ggml_builder;

static inline bool vf_has(const vf_layer *l, uint64_t flag) {
  return (l->flags & flag) != 0;
}

/* Whether a rule holds for the build whose graph it is. */
static inline bool vf_rule(const vf_ggml_builder *b, vf_ggml_rule rule) {
  return vf_ggml_holds(b->g->rules, rule);
}

/* ---- Sizes; what leaves 64 bits is noted ------------------------------------------------ */

uint64_t vf_build_mul(vf_ggml_builder *b, uint64_t x, uint64_t y, uint64_t z);
uint64_t vf_build_add(vf_ggml_builder *b, uint64_t x, uint64_t y);

/* width numbers in f32 for every row that goes on, or for every token of the batch. */
uint64_t vf_build_rows(vf_ggml_builder *b, uint64_t width);
uint64_t vf_build_tokens(vf_ggml_builder *b, uint64_t width);

/* ---- Operations ------------------------------------------------------------------------- */

vf_ref vf_new(vf_ggml_builder *b, uint64_t bytes, vf_ref x);
vf_ref vf_new2(vf_ggml_builder *b, uint64_t bytes, vf_ref x, vf_ref y);
vf_ref vf_over(vf_ggml_builder *b, uint64_t bytes, vf_ref x);
vf_ref vf_over2(vf_ggml_builder *b, uint64_t bytes, vf_ref x, vf_ref y);

vf_ref vf_over3(vf_ggml_builder *b, uint64_t bytes, vf_ref x, vf_ref y, vf_ref z);

/* A part of x that another backend copies without the rest. */
vf_ref vf_slice(vf_ggml_builder *b, uint64_t bytes, vf_ref x);

void vf_expand(vf_ggml_builder *b, vf_ref x);

/* A norm and the product with its weight; layer norms keep their operand. */
vf_ref vf_norm(vf_ggml_builder *b, const vf_layer *l, uint64_t bytes, vf_ref x, vf_role weight);
vf_ref vf_norm_with(vf_ggml_builder *b, const vf_layer *l, uint64_t bytes, vf_ref x, vf_ref weight,
                    vf_ref bias);

/* A matrix product; with its bias. */
vf_ref vf_multiply(vf_ggml_builder *b, uint64_t bytes, vf_role matrix, vf_ref x);
vf_ref vf_project(vf_ggml_builder *b, uint64_t bytes, vf_role matrix, vf_ref x, bool bias);

/* Rotation by position. */
vf_ref vf_rope(vf_ggml_builder *b, uint64_t bytes, vf_ref x);

/* Only the rows that logits are computed for; from then on the others are not computed. */
vf_ref vf_select_rows(vf_ggml_builder *b, vf_ref x);
void vf_cut_rows(vf_ggml_builder *b);

/* Functions of each number, one after the other. */
vf_ref vf_apply(vf_ggml_builder *b, uint64_t bytes, vf_ref x, int times);

/* ---- Weights and caches, where several backends need to know where they lie; else 0 ----- */

vf_ref vf_weight(vf_ggml_builder *b, vf_role role);
vf_ref vf_bias(vf_ggml_builder *b, vf_role role);

void vf_find_layers(vf_ggml_builder *b);

/* Of several tensors with one role, the one of this shape. */
vf_ref vf_weight_shaped(vf_ggml_builder *b, vf_role role, uint64_t ne0, uint64_t rows);

/* True if a layer's operations run on the host: its weights lie there, and rows are few. */
bool vf_runs_on_host(const vf_ggml_builder *b);
bool vf_lies_on_host(const vf_ggml_builder *b);
bool vf_tensor_on_host(const vf_ggml_builder *b, const vf_tensor *t);

/* The operation runs where the layer lies. */
void vf_pin_to_layer(vf_ggml_builder *b, vf_ref x);

/* Where the layer's cache or state is. */
uint8_t vf_cache_backend(const vf_ggml_builder *b);

/* All rows of a cache as an operand. */
vf_ref vf_cache_rows(vf_ggml_builder *b, uint64_t bytes, uint8_t backend);

/* Writes into a cache there. */
void vf_sink(vf_ggml_builder *b, vf_ref x, vf_ref ids, uint8_t backend);

/* ---- Parts ------------------------------------------------------------------------------ */

static inline int vf_window_index(const vf_model *m, const vf_layer *l) {
  return l->window != 0 && (m->flags & VF_MODEL_WINDOW_UNUSED) == 0;
}

/* Encoders and models that fill in a text attend to the tokens of a batch alone. */
static inline bool vf_is_cached(const vf_model *m) {
  return (m->flags & (VF_MODEL_ENCODER | VF_MODEL_NO_CACHE)) == 0;
}

bool vf_build_is_rotated(vf_format format, uint64_t head_dim);
uint64_t vf_build_rotation(uint64_t head_dim);

/* From the normalized input to the output projection. */
vf_ref vf_build_attention(vf_ggml_builder *b, const vf_layer *l, vf_ref x);
vf_ref vf_build_recurrent(vf_ggml_builder *b, const vf_layer *l, vf_ref x);
vf_ref vf_build_feed_forward(vf_ggml_builder *b, const vf_layer *l, vf_ref x);

/* Its parts: the dense one; how likely each expert is; the experts by that, with a shared one. */
vf_ref vf_build_dense(vf_ggml_builder *b, const vf_layer *l, vf_ref x);
vf_ref vf_build_router(vf_ggml_builder *b, const vf_layer *l, vf_ref x);
vf_ref vf_build_experts(vf_ggml_builder *b, const vf_layer *l, vf_ref logits, vf_ref x);

/* What is before the first layer, a layer, and what is behind the last. */
vf_ref vf_build_start(vf_ggml_builder *b);
vf_ref vf_build_layer(vf_ggml_builder *b, uint32_t i, vf_ref x);
void vf_build_end(vf_ggml_builder *b, vf_ref x);

/* What the graph reads: sizes and last uses; makes it; releases what ends with a layer. */
void vf_need_inputs(vf_ggml_builder *b);
void vf_make_inputs(vf_ggml_builder *b);
void vf_make_zeros(vf_ggml_builder *b);
void vf_release_inputs(vf_ggml_builder *b, uint32_t layer);

/* An input of its own for every layer: all of them at the start, and one behind its layer. */
void vf_build_layer_inputs(vf_ggml_builder *b, vf_ref x);
vf_ref vf_add_layer_input(vf_ggml_builder *b, const vf_layer *l, bool last, vf_ref x);

/* Attention that reads some blocks of the cache: whether it does; positions in a reserved graph;
 * its index key on the way to the cache; from rotated queries to the result. */
bool vf_is_block_sparse(const vf_ggml_graph *g, const vf_layer *l);
uint64_t vf_index_positions(const vf_layer *l);
vf_ref vf_write_index(vf_ggml_builder *b, const vf_layer *l, vf_ref x);
vf_ref vf_build_block_sparse(vf_ggml_builder *b, const vf_layer *l, vf_ref x, vf_ref q);

/* Whole layers that are built otherwise. */
vf_ref vf_build_rwkv_layer(vf_ggml_builder *b, uint32_t i, vf_ref x);
vf_ref vf_build_rwkv6_layer(vf_ggml_builder *b, uint32_t i, vf_ref x);
vf_ref vf_build_rwkv_gated(vf_ggml_builder *b, const vf_layer *l, vf_ref x);
vf_ref vf_build_altup_start(vf_ggml_builder *b, vf_ref x);
vf_ref vf_build_altup_layer(vf_ggml_builder *b, const vf_layer *l, vf_ref x);
vf_ref vf_build_altup_end(vf_ggml_builder *b, vf_ref x);

#endif
