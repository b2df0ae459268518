/* flash.c - head sizes and cache formats of CUDA's flash attention, by build.
 *
 * Source: ggml/src/ggml-cuda/fattn.cu, ggml_cuda_get_best_fattn_kernel (from b6218 on), and
 * ggml-cuda.cu, supports_op (before), as they are built by default; cards with tensor cores. */
#include "engines/ggml/flash.h"

#include "base/checked.h"
#include "core/format.h"

enum {
  FIRST_TABLE = 6218,
  ANY_SAME_FORMAT = 6607,
  NATIVE_F32 = 6760,
  MIXED = 10489,
  BF16 = 8470,
  LATENT_VIEW = 7832 /* values of latent attention are a part of the keys */
};

/* Sizes as the kernels see them: latent attention reads one wide key. */
typedef struct heads {
  uint32_t k, v, per_kv;
} heads;

static heads heads_of(const vf_layer *l) {
  if (l->kv_lora != 0) return (heads){l->kv_lora + l->rope_dim, l->kv_lora, l->n_heads};
  return (heads){l->k_dim, l->v_dim, l->n_heads / vf_max_u32(l->n_kv_heads, 1)};
}

/* Head sizes, and since when; `per_kv` query heads, or a multiple, for every key head. */
static bool takes_heads(uint32_t build, const heads *h) {
  static const struct {
    uint32_t k, v, per_kv, since, until;
  } sizes[] = {
      {40, 40, 1, 6736, 0},      {64, 64, 1, 0, 0},      {72, 72, 1, 6736, 0},
      {80, 80, 1, 0, 0},         {96, 96, 1, 0, 0},      {112, 112, 1, 0, 0},
      {128, 128, 1, 0, 0},       {192, 128, 8, 9085, 0}, {256, 256, 1, 0, 0},
      {320, 256, 32, 8966, 0},   {512, 512, 1, 8609, 0}, {576, 512, 16, 5328, 7803},
      {576, 512, 4, 7803, 8184}, {576, 512, 2, 8184, 0},
  };
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    bool held = build >= sizes[i].since && (sizes[i].until == 0 || build < sizes[i].until);
    if (held && sizes[i].k == h->k && sizes[i].v == h->v) return h->per_kv % sizes[i].per_kv == 0;
  }
  return false;
}

/* Since both may be of any kind. */
static bool is_kernel_format(vf_format f) {
  return f == VF_FORMAT_F32 || f == VF_FORMAT_F16 || f == VF_FORMAT_BF16 || f == VF_FORMAT_Q8_0 ||
         f == VF_FORMAT_Q5_1 || f == VF_FORMAT_Q5_0 || f == VF_FORMAT_Q4_1 || f == VF_FORMAT_Q4_0;
}

/* Before, both had to be one of a few. */
static bool is_same_format(uint32_t build, vf_format k, vf_format v) {
  bool plain = k == VF_FORMAT_F16 || (k == VF_FORMAT_F32 && build >= NATIVE_F32) ||
               (k == VF_FORMAT_BF16 && build >= BF16);
  return k == v && (plain || k == VF_FORMAT_Q4_0 || k == VF_FORMAT_Q8_0);
}

/* Before the table: heads of 128 in any format but bf16, others in f16, of 64 with any values. */
static bool took_formats(const heads *h, vf_format k, vf_format v) {
  bool bf16 = k == VF_FORMAT_BF16 || v == VF_FORMAT_BF16;
  bool f16 = k == VF_FORMAT_F16 && (v == VF_FORMAT_F16 || h->k == 64);
  return !bf16 && (h->k == 128 || f16);
}

bool vf_ggml_flash_takes(uint32_t build, const vf_layer *l, vf_format k, vf_format v) {
  heads h = heads_of(l);
  if (l->kv_lora != 0 && build >= LATENT_VIEW) v = k;
  if (!takes_heads(build, &h)) return false;
  if (build >= MIXED) return is_kernel_format(k) && is_kernel_format(v);
  if (build < FIRST_TABLE) return took_formats(&h, k, v);
  bool narrow = build < ANY_SAME_FORMAT && vf_format_get(k)->quantized && h.k != 128;
  return is_same_format(build, k, v) && !narrow;
}
