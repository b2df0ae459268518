/* tensor.h - one weight tensor: what it is for, where it belongs, how it is stored.
 *
 * The first of the two lists that every model becomes.  Shapes are in ggml's order: ne[0] is the
 * contiguous dimension (the input width of a matrix). */
#ifndef VF_CORE_TENSOR_H
#define VF_CORE_TENSOR_H

#include "vramfit/vramfit.h"

typedef enum vf_role {
#define X(id, gguf, home, category) VF_ROLE_##id,
#include "core/roles.def"
#undef X
  VF_ROLE_COUNT
} vf_role;

/* Where a tensor has to be: the step of the network that uses it. */
typedef enum vf_home {
  VF_HOME_INPUT,  /* looked up by token id, before the first layer */
  VF_HOME_FIRST,  /* used with the first layer */
  VF_HOME_LAYER,  /* used by its own layer */
  VF_HOME_OUTPUT, /* used after the last layer */
  VF_HOME_ROPE,   /* a table that every layer with attention reads */
  VF_HOME_TOWER,  /* in a network of its own in front of the model */
} vf_home;

/* What a quantizer makes of a role. */
typedef enum vf_category {
  VF_CATEGORY_KEEP32,
  VF_CATEGORY_KEEP16,
  VF_CATEGORY_EMBEDDING,
  VF_CATEGORY_OUTPUT,
  VF_CATEGORY_QUERY,
  VF_CATEGORY_KEY,
  VF_CATEGORY_VALUE, /* also fused QKV, and the key-value half of a latent attention */
  VF_CATEGORY_ATTN_OUTPUT,
  VF_CATEGORY_GATE,
  VF_CATEGORY_UP,
  VF_CATEGORY_DOWN,
  VF_CATEGORY_OTHER,
} vf_category;

typedef struct vf_role_info {
  const char *gguf_name;
  vf_home home;
  vf_category category;
} vf_role_info;

extern const vf_role_info vf_roles[VF_ROLE_COUNT];

/* The matrices of experts that are chosen token by token, not those that every token uses. */
static inline bool vf_role_is_expert(vf_role role) {
  return role == VF_ROLE_FFN_GATE_EXPS || role == VF_ROLE_FFN_UP_EXPS ||
         role == VF_ROLE_FFN_DOWN_EXPS || role == VF_ROLE_FFN_GATE_UP_EXPS;
}

/* How a name ends: a tensor whose name does not end in "weight" is never quantized. */
typedef enum vf_suffix { VF_SUFFIX_WEIGHT, VF_SUFFIX_BIAS, VF_SUFFIX_NONE } vf_suffix;

/* What is really there, in thousandths of what is stated; expected 0: just that. */
typedef struct vf_weights_share {
  uint32_t low, expected, high;
} vf_weights_share;

typedef struct vf_tensor {
  uint64_t ne[4]; /* elements per dimension; unused dimensions are 1 */
  uint64_t bytes; /* of one, as stored in `format`, without padding */
  uint32_t count; /* so many equal ones (the experts of a checkpoint); 1 otherwise */
  int32_t layer;  /* -1: belongs to no layer */
  uint16_t role;  /* vf_role */
  uint8_t format; /* vf_format */
  uint8_t suffix; /* vf_suffix */

  /* Of a tower that was derived from a config (models/tower.h): what its module is called. */
  uint16_t tower_part;
  uint8_t tower_block, tower; /* tower 0: no such tensor */

  /* Of its bytes, where files of this format differ in it; expected 0: as the model's (model.h). */
  vf_weights_share share;
} vf_tensor;

/* ne[1] * ne[2] * ne[3]; shapes are checked when a tensor is made, so this cannot overflow. */
uint64_t vf_tensor_rows(const vf_tensor *t);
uint64_t vf_tensor_elements(const vf_tensor *t);

/* Dimensions, trailing ones not counted; at least 1. */
static inline int vf_tensor_dims(const vf_tensor *t) {
  int dims = 4;
  while (dims > 1 && t->ne[dims - 1] == 1) dims--;
  return dims;
}

/* Stores the tensor in `format`: sets format and bytes, and that they are certain.  VF_UNSUPPORTED
 * if rows are not whole blocks, VF_OVERFLOW if the size does not fit. */
vf_status vf_tensor_store(vf_tensor *t, vf_format format, vf_error *err);

#endif
