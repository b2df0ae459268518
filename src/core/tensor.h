/* tensor.h - one weight tensor: what it is for, where it belongs, how it is stored.
 *
 * The first of the two lists that every model becomes.  Shapes are in ggml's order: ne[0] is the
 * contiguous dimension (the input width of a matrix). */
#ifndef VF_CORE_TENSOR_H
#define VF_CORE_TENSOR_H

#include "vramfit/vramfit.h"

/* The part of a tensor in a network: role, name in GGUF files (after "blk.N." for those of a layer;
 * llama.cpp's src/llama-arch.cpp), home. */
#define VF_ROLE_MAP(X)                                                                             \
  X(TOKEN_EMBD, "token_embd.weight", INPUT)                                                        \
  X(OUTPUT_NORM, "output_norm.weight", OUTPUT)                                                     \
  X(OUTPUT, "output.weight", OUTPUT)                                                               \
  X(ROPE_FREQS, "rope_freqs.weight", ROPE)                                                         \
  X(ROPE_LONG, "rope_factors_long.weight", ROPE)                                                   \
  X(ROPE_SHORT, "rope_factors_short.weight", ROPE)                                                 \
  X(ATTN_NORM, "attn_norm.weight", LAYER)                                                          \
  X(ATTN_Q, "attn_q.weight", LAYER)                                                                \
  X(ATTN_Q_BIAS, "attn_q.bias", LAYER)                                                             \
  X(ATTN_K, "attn_k.weight", LAYER)                                                                \
  X(ATTN_K_BIAS, "attn_k.bias", LAYER)                                                             \
  X(ATTN_V, "attn_v.weight", LAYER)                                                                \
  X(ATTN_V_BIAS, "attn_v.bias", LAYER)                                                             \
  X(ATTN_QKV, "attn_qkv.weight", LAYER)                                                            \
  X(ATTN_QKV_BIAS, "attn_qkv.bias", LAYER)                                                         \
  X(ATTN_Q_NORM, "attn_q_norm.weight", LAYER)                                                      \
  X(ATTN_K_NORM, "attn_k_norm.weight", LAYER)                                                      \
  X(ATTN_OUTPUT, "attn_output.weight", LAYER)                                                      \
  X(ATTN_OUTPUT_BIAS, "attn_output.bias", LAYER)                                                   \
  X(FFN_NORM, "ffn_norm.weight", LAYER)                                                            \
  X(FFN_GATE, "ffn_gate.weight", LAYER)                                                            \
  X(FFN_GATE_BIAS, "ffn_gate.bias", LAYER)                                                         \
  X(FFN_UP, "ffn_up.weight", LAYER)                                                                \
  X(FFN_UP_BIAS, "ffn_up.bias", LAYER)                                                             \
  X(FFN_DOWN, "ffn_down.weight", LAYER)                                                            \
  X(FFN_DOWN_BIAS, "ffn_down.bias", LAYER)

typedef enum vf_role {
#define VF_ROLE_ENUM(name, gguf, home) VF_ROLE_##name,
  VF_ROLE_MAP(VF_ROLE_ENUM)
#undef VF_ROLE_ENUM
      VF_ROLE_COUNT
} vf_role;

/* Where a tensor has to be: the step of the network that uses it. */
typedef enum vf_home {
  VF_HOME_INPUT,  /* looked up by token id, before the first layer */
  VF_HOME_LAYER,  /* used by its own layer */
  VF_HOME_OUTPUT, /* used after the last layer */
  VF_HOME_ROPE,   /* a table that every layer with attention reads */
} vf_home;

typedef struct vf_role_info {
  const char *gguf_name;
  vf_home home;
} vf_role_info;

extern const vf_role_info vf_roles[VF_ROLE_COUNT];

typedef struct vf_tensor {
  uint64_t ne[4]; /* elements per dimension; unused dimensions are 1 */
  uint64_t bytes; /* as stored in `format`, without padding */
  vf_role role;
  vf_format format;
  int32_t layer; /* -1: belongs to no layer */
} vf_tensor;

/* ne[1] * ne[2] * ne[3]; shapes are checked when a tensor is made, so this cannot overflow. */
uint64_t vf_tensor_rows(const vf_tensor *t);
uint64_t vf_tensor_elements(const vf_tensor *t);

/* Dimensions, trailing ones not counted; at least 1. */
int vf_tensor_dims(const vf_tensor *t);

/* Stores the tensor in `format`: sets format and bytes.  VF_UNSUPPORTED if rows are not whole
 * blocks, VF_OVERFLOW if the size does not fit. */
vf_status vf_tensor_store(vf_tensor *t, vf_format format, vf_error *err);

#endif
