/* format.h - how numbers are stored.
 *
 * SPDX-License-Identifier: MIT */
#ifndef VRAMFIT_FORMAT_H
#define VRAMFIT_FORMAT_H

#include "vramfit/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Formats ---------------------------------------------------------------------------- */

/* How numbers are stored: the ggml types, the plain ones, those of a safetensors file, and what the
 * quantization methods of a checkpoint store their values in (their scales are counted with the
 * tensor).  Block sizes: vf_format_info. */
typedef enum vf_format {
  VF_FORMAT_NONE = 0,
  VF_FORMAT_F32 = 1,
  VF_FORMAT_F16 = 2,
  VF_FORMAT_BF16 = 3,
  VF_FORMAT_Q4_0 = 4,
  VF_FORMAT_Q4_1 = 5,
  VF_FORMAT_Q5_0 = 6,
  VF_FORMAT_Q5_1 = 7,
  VF_FORMAT_Q8_0 = 8,
  VF_FORMAT_Q2_K = 9,
  VF_FORMAT_Q3_K = 10,
  VF_FORMAT_Q4_K = 11,
  VF_FORMAT_Q5_K = 12,
  VF_FORMAT_Q6_K = 13,
  VF_FORMAT_IQ1_S = 14,
  VF_FORMAT_IQ1_M = 15,
  VF_FORMAT_IQ2_XXS = 16,
  VF_FORMAT_IQ2_XS = 17,
  VF_FORMAT_IQ2_S = 18,
  VF_FORMAT_IQ3_XXS = 19,
  VF_FORMAT_IQ3_S = 20,
  VF_FORMAT_IQ4_NL = 21,
  VF_FORMAT_IQ4_XS = 22,
  VF_FORMAT_TQ1_0 = 23,
  VF_FORMAT_TQ2_0 = 24,
  VF_FORMAT_MXFP4 = 25,
  VF_FORMAT_NVFP4 = 26,
  VF_FORMAT_Q1_0 = 27,
  VF_FORMAT_Q8_1 = 28,
  VF_FORMAT_Q8_K = 29,
  VF_FORMAT_F64 = 30,
  VF_FORMAT_I8 = 31,
  VF_FORMAT_I16 = 32,
  VF_FORMAT_I32 = 33,
  VF_FORMAT_I64 = 34,
  VF_FORMAT_U8 = 35,
  VF_FORMAT_U16 = 36,
  VF_FORMAT_U32 = 37,
  VF_FORMAT_U64 = 38,
  VF_FORMAT_BOOL = 39,
  VF_FORMAT_F8_E4M3 = 40,
  VF_FORMAT_F8_E5M2 = 41,
  VF_FORMAT_F8_E8M0 = 42,
  VF_FORMAT_F6_E2M3 = 43,
  VF_FORMAT_F6_E3M2 = 44,
  VF_FORMAT_F4 = 45,
  VF_FORMAT_INT8 = 46,
  VF_FORMAT_INT6 = 47,
  VF_FORMAT_INT5 = 48,
  VF_FORMAT_INT4 = 49,
  VF_FORMAT_INT3 = 50,
  VF_FORMAT_INT2 = 51,
  VF_FORMAT_NF4 = 52,
  /* of ik_llama.cpp alone */
  VF_FORMAT_Q6_0 = 53,
  VF_FORMAT_IQ1_KT = 54,
  VF_FORMAT_IQ1_S_R4 = 55,
  VF_FORMAT_IQ1_M_R4 = 56,
  VF_FORMAT_IQ2_K = 57,
  VF_FORMAT_IQ2_KS = 58,
  VF_FORMAT_IQ2_KL = 59,
  VF_FORMAT_IQ2_KT = 60,
  VF_FORMAT_IQ3_K = 61,
  VF_FORMAT_IQ3_KS = 62,
  VF_FORMAT_IQ3_KT = 63,
  VF_FORMAT_IQ4_K = 64,
  VF_FORMAT_IQ4_KS = 65,
  VF_FORMAT_IQ4_KSS = 66,
  VF_FORMAT_IQ4_KT = 67,
  VF_FORMAT_IQ5_K = 68,
  VF_FORMAT_IQ5_KS = 69,
  VF_FORMAT_IQ6_K = 70,
  VF_FORMAT_Q8_KV = 71,
  VF_FORMAT_COUNT
} vf_format;

/* A format's arithmetic: bits per element = 8 * block_bytes / block_elements, never a float. */
typedef struct vf_format_info {
  const char *name;        /* as ggml spells it, "q4_K" */
  uint32_t block_elements; /* elements stored together along a row */
  uint32_t block_bytes;
  int32_t gguf_type; /* tensor type id in a GGUF file; -1: none */
  bool quantized;
  uint32_t row_bytes; /* that every row has beside its blocks */
} vf_format_info;

/* Static; NULL for VF_FORMAT_NONE and out of range. */
VF_API const vf_format_info *vf_format_get(vf_format format);

/* By name ("q4_K", "bf16"), case does not matter; VF_UNKNOWN suggests the nearest. */
VF_API VF_MUST_USE vf_status vf_format_find(vf_format *out, const char *name, vf_error *err);

/* The same for a cache, in the engines' own words too: "fp8", "bfloat16"; "auto" is VF_FORMAT_NONE,
 * the engine's default. */
VF_API VF_MUST_USE vf_status vf_kv_format_find(vf_format *out, const char *name, vf_error *err);

#ifdef __cplusplus
}
#endif
#endif
