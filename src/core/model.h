/* model.h - a model as the core sees it: tensors, cache layers, and what each layer computes.
 *
 * Whatever named the model (a catalog entry, a config, a file), it ends here, and nothing below
 * asks which model it is looking at. */
#ifndef VF_CORE_MODEL_H
#define VF_CORE_MODEL_H

#include "base/arena.h"
#include "core/layer.h"
#include "core/tensor.h"

/* ---- Cache layers: what a layer keeps of a sequence ------------------------------------- */

typedef enum vf_cache_kind {
  VF_CACHE_FULL,        /* keys and values of every token */
  VF_CACHE_WINDOW,      /* of the last tokens */
  VF_CACHE_CHUNKED,     /* of the tokens of the present chunk */
  VF_CACHE_LATENT,      /* one compressed row for keys and values of every token */
  VF_CACHE_INDEXER,     /* one key per token, to choose which tokens to read */
  VF_CACHE_BLOCK_INDEX, /* the same, to choose which blocks of tokens */
  VF_CACHE_COMPRESSED,  /* one key for several tokens, which also is the value */
  VF_CACHE_STATE,       /* a state of fixed size per sequence, in f32 */
  VF_CACHE_CROSS,       /* keys and values of the encoder's tokens */
  VF_CACHE_KIND_COUNT
} vf_cache_kind;

typedef struct vf_cache_layer {
  vf_cache_kind kind;
  uint32_t layer;
  uint32_t n_kv_heads;
  uint32_t k_dim, v_dim; /* elements per head; v_dim 0: nothing beside the key row */
  uint32_t window;       /* tokens; of VF_CACHE_WINDOW and VF_CACHE_CHUNKED, and of
                           VF_CACHE_LATENT if not 0; of VF_CACHE_COMPRESSED: in one key */
  uint64_t conv, state;  /* elements per sequence; of VF_CACHE_STATE */
} vf_cache_layer;

/* Everything but the layer's number. */
static inline bool vf_cache_layer_equal(const vf_cache_layer *a, const vf_cache_layer *b) {
  return a->kind == b->kind && a->n_kv_heads == b->n_kv_heads && a->k_dim == b->k_dim &&
         a->v_dim == b->v_dim && a->window == b->window && a->conv == b->conv &&
         a->state == b->state;
}

/* True if it grows with the tokens of a sequence. */
static inline bool vf_cache_has_cells(const vf_cache_layer *c) {
  return c->kind != VF_CACHE_STATE;
}

/* ---- The model -------------------------------------------------------------------------- */

enum vf_model_flag {
  VF_MODEL_LATE_ROWS = 1 << 0,     /* rows are chosen after the last layer, not within it */
  VF_MODEL_EMBD_SCALED = 1 << 1,   /* the embedding is scaled by an operation of its own */
  VF_MODEL_WINDOW_UNUSED = 1 << 2, /* its GGUF form has no windows: every layer caches all */
  VF_MODEL_ENCODER = 1 << 3,       /* embeds texts: generates nothing, caches nothing */
  VF_MODEL_HAS_TOWER = 1 << 4,     /* images or sound, by a network in front */
  VF_MODEL_SCORE_CAP = 1 << 5,     /* attention scores are capped by an operation of its own */
  VF_MODEL_EMBD_NORM = 1 << 6,     /* the embedding is normalized */
  VF_MODEL_MROPE = 1 << 7,      /* four position ids per token: images have places of their own */
  VF_MODEL_EMBD_TWICE = 1 << 8, /* a tied embedding is held twice even where both are on the host */
  VF_MODEL_EMBD_SCALED_FIRST = 1 << 9, /* scaled, and put in order right away */
  VF_MODEL_STATE_F32 = 1 << 10, /* recurrent states are kept in 32 bits, whatever the weights are */
  VF_MODEL_ROWS_BEFORE_NORM = 1 << 11, /* late rows are chosen before the last norm, not behind */
  VF_MODEL_NO_CACHE = 1 << 12,         /* attends to the tokens of a batch alone: caches nothing */
  VF_MODEL_POSITION_EMBD = 1 << 13,    /* each token's place has an embedding of its own */
  VF_MODEL_TOKEN_TYPES = 1 << 14,      /* and the kind of text it belongs to */
  VF_MODEL_START_NORM = 1 << 15,       /* the embedding is normalized without a weight */
  VF_MODEL_NO_END_NORM = 1 << 16,      /* nothing normalizes the last layer's result */
  VF_MODEL_POOL_MEAN = 1 << 17,        /* an encoder's result is the mean of a sequence's tokens */
  VF_MODEL_POOL_ROWS = 1 << 18,        /* or one of them */
  VF_MODEL_CACHE_IDLE = 1 << 19,       /* a cache is made, though no layer reads it */
  VF_MODEL_NO_FLASH = 1 << 20,         /* never computed with flash attention */
  VF_MODEL_IMAGE_LOGITS = 1 << 21,     /* logits of image tokens are cut out of a copy */
  VF_MODEL_RESULT_SCALED = 1 << 22,    /* what goes to the output matrix is scaled before */
  VF_MODEL_MTP_FEEDS = 1 << 23, /* feed-forward parts of prediction layers are always loaded */
  VF_MODEL_MEASURED = 1 << 24,  /* llama.cpp itself was asked about this architecture, and agrees */
  VF_MODEL_EXPERTS_MXFP4 = 1 << 25,   /* its experts are published in MXFP4, and stay so */
  VF_MODEL_LAYER_EMBD_F16 = 1 << 26,  /* embeddings of every layer stay in 16 bits */
  VF_MODEL_MXFP4_PUBLISHED = 1 << 27, /* published files have the experts in MXFP4 */
  VF_MODEL_STRANGE_TENSORS = 1 << 28, /* its file has tensors that no loader asks for */
  VF_MODEL_QAT_EMBD_F16 = 1 << 29,    /* its makers' file in Q4_0, with an embedding in 16 bits */
  VF_MODEL_QAT_EMBD_ANY = 1 << 30,    /* somebody's file in Q4_0 of what was trained for it */
};

enum { VF_MODEL_TEXT = 128, VF_MAX_LAYERS = 4096, VF_MODEL_ASSUMPTIONS = 4 };
#define VF_MAX_ELEMENTS (UINT64_C(1) << 56)

/* The largest image or video that the first tower takes, for the memory of running it; all 0: not
 * known, or not a tower for images. */
typedef struct vf_tower_item {
  uint32_t width, ff;     /* of the tower's layers */
  uint32_t patches;       /* that an image is cut into at most */
  uint32_t video_patches; /* of a video, with as many frames as an engine takes for the largest */
  uint32_t tokens;        /* that the model sees of an image */
  uint32_t patch_pixels;  /* that a patch covers; 0: images have one size */
  uint32_t pixel_values;  /* of a patch */
  uint32_t levels;        /* of its layers that feed later ones of the model, too */
} vf_tower_item;

/* Positions that a config stretches (rope_scaling), so that a context may be longer than what the
 * model was trained with; all 0: it says nothing of that. */
typedef struct vf_positions {
  uint32_t factor_ppm;      /* in millionths */
  uint64_t original_tokens; /* the limit before it; 0: not stated */
  bool yarn;                /* in YaRN's way: the config's limit may be either */
} vf_positions;

struct vf_model {
  vf_arena *arena; /* owns the lists; the model itself lies in it too */

  char id[VF_MODEL_TEXT];
  char arch[32]; /* general.architecture of a GGUF file; "" if llama.cpp has none for it */
  char type[32]; /* model_type of a config */
  char source[VF_MODEL_TEXT];
  char repo[VF_MODEL_TEXT]; /* what holds it as it is stored here: a repository, with the tag of a
                               file, or a tag of Ollama's; "": none that is known */
  char quant[24];           /* recipe or the formats' own name; "" before any */
  char checkpoint[24];      /* quantization method of a checkpoint, "awq"; "" if it has none */
  char engine[24];          /* that what was named is for; "": the one that loads the format */

  uint64_t n_embd, n_vocab;
  uint64_t max_ctx_tokens; /* 0: not stated */
  vf_positions stretch;    /* of its positions, as its config says */
  uint64_t n_params, n_active_params;
  uint64_t widest_row;   /* elements: the longest row of any layer's matrix */
  vf_format own_format;  /* what its makers publish it in */
  vf_model *derived;     /* as its config describes it, where the tensors are a checkpoint's */
  bool from_file;        /* the tensors are those of a file, not derived from a config */
  bool plain_beside;     /* such a scheme, whose maker leaves all but experts in 16 bits */
  const char *refusal;   /* why an engine would not load what it was told to; static; NULL */
  bool made_when_loaded; /* `repo` has it in 16 bits, and the engine makes it narrower */
  bool scheme_by_name;   /* quantized as the name of a scheme says: its makers differ in the rest */
  uint32_t n_predicting; /* layers of further tokens that its files may have behind the last one */
  bool tied;             /* no output matrix: the token embedding serves */
  uint32_t flags;        /* vf_model_flag */

  vf_assumption assumptions[VF_MODEL_ASSUMPTIONS]; /* static strings */
  size_t n_assumptions;

  vf_tower_item item;
  uint32_t rotated_permille; /* of a head, where that is not latent; 0: all of it */
  vf_weights_share share;    /* of a mix that is known by its size alone */
  vf_tensor *tensors;
  size_t n_tensors;
  vf_cache_layer *caches;
  size_t n_caches;
  vf_layer *layers;
  uint32_t n_layers;

  /* layers[i] equals layers[i + layer_period] for every i from periodic_from up to the last
   * period; found once, so that simulating a deep model costs as much as a shallow one. */
  uint32_t periodic_from, layer_period;
  uint64_t shape;   /* fingerprint of the layers and sizes, whatever the formats: what graphs see */
  uint64_t content; /* the same of the tensors, with their formats: what weights follow from */
};

/* A model with empty lists of the given capacities, in an arena of its own. */
vf_status vf_model_new(vf_model **out, const vf_allocator *allocator, size_t tensors,
                       uint32_t layers, size_t caches, vf_error *err);

/* A deep copy. */
vf_status vf_model_clone(vf_model **out, const vf_model *model, vf_error *err);

/* The same model with other tensors; parameters stay those of the original. */
vf_status vf_model_with_tensors(vf_model **out, const vf_model *model, const vf_tensor *tensors,
                                size_t count, vf_error *err);

/* To call once all lists are filled: counts parameters, finds the period.  VF_OVERFLOW if there
 * are more than VF_MAX_ELEMENTS in all: below it no sum over tensors, in any format and with any
 * padding, can leave 64 bits. */
vf_status vf_model_finish(vf_model *model, vf_error *err);

/* To call where a finished model's tensors are given other formats: what is remembered of them no
 * longer holds. */
void vf_model_stored(vf_model *model);

/* True for tensors of layers that predict further tokens: stored with the model, not part of the
 * network.  Checkpoints number them behind the last layer. */
static inline bool vf_model_is_mtp(const vf_model *m, const vf_tensor *t) {
  if (t->layer < 0) return false;
  return (uint32_t)t->layer >= m->n_layers || (m->layers[t->layer].flags & VF_LAYER_MTP) != 0;
}

/* Takes something for granted about the architecture; the strings must be static. */
void vf_model_assume(vf_model *model, const char *code, const char *text);

/* Fills the list of cache layers from the layers; it must have room for three per layer. */
void vf_model_make_caches(vf_model *model);

/* What so many bytes of tensors really take: exactly, or within the mix's share. */
vf_interval vf_model_weights_size(const vf_model *model, uint64_t bytes);

/* The same of one tensor, which may have a share of its own; `bytes` are its own, padded or not. */
vf_interval vf_model_tensor_size(const vf_model *model, const vf_tensor *t, uint64_t bytes);

/* Sum of tensor bytes as stored, expected where they are not known exactly. */
uint64_t vf_model_weights_bytes(const vf_model *model);

/* Whether any layer is a mixture of experts. */
bool vf_model_has_experts(const vf_model *model);

#endif
