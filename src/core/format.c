/* format.c - one table of storage formats.
 *
 * Block sizes and GGUF type ids: ggml's type traits as of ggml 0.25.1 (ggml.c, ggml-common.h);
 * safetensors' dtypes: its README and src/tensor.rs.  The last rows, from INT8 on, are the values
 * alone of a quantized checkpoint; what a method adds per group is the method's (models/scheme.c).
 */
#include "core/format.h"

#include "base/args.h"
#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"

const vf_format_info vf_formats[VF_FORMAT_COUNT] = {
    [VF_FORMAT_NONE] = {"none", 1, 0, -1, false, 0},
    [VF_FORMAT_F32] = {"f32", 1, 4, 0, false, 0},
    [VF_FORMAT_F16] = {"f16", 1, 2, 1, false, 0},
    [VF_FORMAT_BF16] = {"bf16", 1, 2, 30, false, 0},
    [VF_FORMAT_Q4_0] = {"q4_0", 32, 18, 2, true, 0},
    [VF_FORMAT_Q4_1] = {"q4_1", 32, 20, 3, true, 0},
    [VF_FORMAT_Q5_0] = {"q5_0", 32, 22, 6, true, 0},
    [VF_FORMAT_Q5_1] = {"q5_1", 32, 24, 7, true, 0},
    [VF_FORMAT_Q8_0] = {"q8_0", 32, 34, 8, true, 0},
    [VF_FORMAT_Q2_K] = {"q2_K", 256, 84, 10, true, 0},
    [VF_FORMAT_Q3_K] = {"q3_K", 256, 110, 11, true, 0},
    [VF_FORMAT_Q4_K] = {"q4_K", 256, 144, 12, true, 0},
    [VF_FORMAT_Q5_K] = {"q5_K", 256, 176, 13, true, 0},
    [VF_FORMAT_Q6_K] = {"q6_K", 256, 210, 14, true, 0},
    [VF_FORMAT_IQ1_S] = {"iq1_s", 256, 50, 19, true, 0},
    [VF_FORMAT_IQ1_M] = {"iq1_m", 256, 56, 29, true, 0},
    [VF_FORMAT_IQ2_XXS] = {"iq2_xxs", 256, 66, 16, true, 0},
    [VF_FORMAT_IQ2_XS] = {"iq2_xs", 256, 74, 17, true, 0},
    [VF_FORMAT_IQ2_S] = {"iq2_s", 256, 82, 22, true, 0},
    [VF_FORMAT_IQ3_XXS] = {"iq3_xxs", 256, 98, 18, true, 0},
    [VF_FORMAT_IQ3_S] = {"iq3_s", 256, 110, 21, true, 0},
    [VF_FORMAT_IQ4_NL] = {"iq4_nl", 32, 18, 20, true, 0},
    [VF_FORMAT_IQ4_XS] = {"iq4_xs", 256, 136, 23, true, 0},
    [VF_FORMAT_TQ1_0] = {"tq1_0", 256, 54, 34, true, 0},
    [VF_FORMAT_TQ2_0] = {"tq2_0", 256, 66, 35, true, 0},
    [VF_FORMAT_MXFP4] = {"mxfp4", 32, 17, 39, true, 0},
    [VF_FORMAT_NVFP4] = {"nvfp4", 64, 36, 40, true, 0},
    [VF_FORMAT_Q1_0] = {"q1_0", 128, 18, 41, true, 0},
    [VF_FORMAT_Q8_1] = {"q8_1", 32, 36, 9, true, 0},
    [VF_FORMAT_Q8_K] = {"q8_K", 256, 292, 15, true, 0},
    [VF_FORMAT_F64] = {"f64", 1, 8, 28, false, 0},
    [VF_FORMAT_I8] = {"i8", 1, 1, 24, false, 0},
    [VF_FORMAT_I16] = {"i16", 1, 2, 25, false, 0},
    [VF_FORMAT_I32] = {"i32", 1, 4, 26, false, 0},
    [VF_FORMAT_I64] = {"i64", 1, 8, 27, false, 0},
    [VF_FORMAT_U8] = {"u8", 1, 1, -1, false, 0},
    [VF_FORMAT_U16] = {"u16", 1, 2, -1, false, 0},
    [VF_FORMAT_U32] = {"u32", 1, 4, -1, false, 0},
    [VF_FORMAT_U64] = {"u64", 1, 8, -1, false, 0},
    [VF_FORMAT_BOOL] = {"bool", 1, 1, -1, false, 0},
    [VF_FORMAT_F8_E4M3] = {"f8_e4m3", 1, 1, -1, true, 0},
    [VF_FORMAT_F8_E5M2] = {"f8_e5m2", 1, 1, -1, true, 0},
    [VF_FORMAT_F8_E8M0] = {"f8_e8m0", 1, 1, -1, true, 0},
    [VF_FORMAT_F6_E2M3] = {"f6_e2m3", 4, 3, -1, true, 0},
    [VF_FORMAT_F6_E3M2] = {"f6_e3m2", 4, 3, -1, true, 0},
    [VF_FORMAT_F4] = {"f4", 2, 1, -1, true, 0},
    [VF_FORMAT_INT8] = {"int8", 1, 1, -1, true, 0},
    [VF_FORMAT_INT6] = {"int6", 4, 3, -1, true, 0},
    [VF_FORMAT_INT5] = {"int5", 8, 5, -1, true, 0},
    [VF_FORMAT_INT4] = {"int4", 2, 1, -1, true, 0},
    [VF_FORMAT_INT3] = {"int3", 8, 3, -1, true, 0},
    [VF_FORMAT_INT2] = {"int2", 4, 1, -1, true, 0},
    [VF_FORMAT_NF4] = {"nf4", 2, 1, -1, true, 0},
    /* ik_llama.cpp@8337e4c, ggml/src/ggml.c and ggml-common.h: some keep a scale for each row. */
    [VF_FORMAT_Q6_0] = {"q6_0", 32, 26, 133, true, 0},
    [VF_FORMAT_IQ1_KT] = {"iq1_kt", 256, 56, 158, true, 4},
    [VF_FORMAT_IQ1_S_R4] = {"iq1_s_r4", 32, 6, 219, true, 2},
    [VF_FORMAT_IQ1_M_R4] = {"iq1_m_r4", 32, 7, 229, true, 2},
    [VF_FORMAT_IQ2_K] = {"iq2_k", 256, 76, 137, true, 0},
    [VF_FORMAT_IQ2_KS] = {"iq2_ks", 256, 70, 145, true, 2},
    [VF_FORMAT_IQ2_KL] = {"iq2_kl", 256, 86, 157, true, 2},
    [VF_FORMAT_IQ2_KT] = {"iq2_kt", 256, 68, 153, true, 4},
    [VF_FORMAT_IQ3_K] = {"iq3_k", 256, 110, 138, true, 0},
    [VF_FORMAT_IQ3_KS] = {"iq3_ks", 256, 102, 156, true, 2},
    [VF_FORMAT_IQ3_KT] = {"iq3_kt", 256, 100, 154, true, 4},
    [VF_FORMAT_IQ4_K] = {"iq4_k", 256, 144, 139, true, 0},
    [VF_FORMAT_IQ4_KS] = {"iq4_ks", 256, 136, 144, true, 4},
    [VF_FORMAT_IQ4_KSS] = {"iq4_kss", 256, 128, 146, true, 4},
    [VF_FORMAT_IQ4_KT] = {"iq4_kt", 256, 128, 155, true, 4},
    [VF_FORMAT_IQ5_K] = {"iq5_k", 256, 176, 140, true, 0},
    [VF_FORMAT_IQ5_KS] = {"iq5_ks", 256, 168, 152, true, 4},
    [VF_FORMAT_IQ6_K] = {"iq6_k", 256, 212, 141, true, 0},
    [VF_FORMAT_Q8_KV] = {"q8_kv", 32, 32, 151, true, 8},
};

const vf_format_info *vf_format_get(vf_format format) {
  if (format <= VF_FORMAT_NONE || format >= VF_FORMAT_COUNT) return NULL;
  return &vf_formats[format];
}

/* Rows of some formats in groups of 4, 8 or 16, which takes the same bytes: 200 higher
 * (ik_llama.cpp).
 */
static uint32_t without_groups(uint32_t type) {
  enum { GROUPED = 200, GROUPED_END = 400, OWN_IQ1_S = 219, OWN_IQ1_M = 229 };
  bool grouped = type >= GROUPED && type < GROUPED_END && type != OWN_IQ1_S && type != OWN_IQ1_M;
  return grouped ? type - GROUPED : type;
}

vf_format vf_format_of_gguf(uint32_t type) {
  type = without_groups(type);
  for (int f = VF_FORMAT_NONE + 1; f < VF_FORMAT_COUNT; f++)
    if (vf_formats[f].gguf_type == (int32_t)type) return (vf_format)f;
  return VF_FORMAT_NONE;
}

vf_status vf_format_find(vf_format *out, const char *name, vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, name);
  vf_name_search search = vf_name_search_for(name);
  for (int f = VF_FORMAT_NONE + 1; f < VF_FORMAT_COUNT; f++) {
    if (vf_name_equal(name, vf_formats[f].name)) {
      *out = (vf_format)f;
      return VF_OK;
    }
    vf_name_search_try(&search, vf_formats[f].name);
  }
  if (search.best == NULL) return vf_fail(err, VF_UNKNOWN, "unknown format '%s'", name);
  return vf_fail(err, VF_UNKNOWN, "unknown format '%s': did you mean %s?", name, search.best);
}

bool vf_format_divides(vf_format format, uint64_t elements) {
  return elements % vf_formats[format].block_elements == 0;
}

bool vf_format_row(uint64_t *out_bytes, vf_format format, uint64_t elements) {
  const vf_format_info *f = &vf_formats[format];
  uint64_t bytes;
  if (elements % f->block_elements != 0) return false;
  if (!vf_mul(&bytes, elements / f->block_elements, f->block_bytes)) return false;
  return vf_add(out_bytes, bytes, f->row_bytes);
}

bool vf_format_matrix(uint64_t *out_bytes, vf_format format, uint64_t row_elements, uint64_t rows) {
  uint64_t row;
  return vf_format_row(&row, format, row_elements) && vf_mul(out_bytes, row, rows);
}

/* Engines have words of their own. */
vf_status vf_kv_format_find(vf_format *out, const char *name, vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, name);
  static const struct {
    const char *word;
    vf_format format;
  } words[] = {{"auto", VF_FORMAT_NONE},        {"fp8", VF_FORMAT_F8_E4M3},
               {"fp8_e4m3", VF_FORMAT_F8_E4M3}, {"fp8_e5m2", VF_FORMAT_F8_E5M2},
               {"bfloat16", VF_FORMAT_BF16},    {"float16", VF_FORMAT_F16},
               {"float32", VF_FORMAT_F32},      {"fp4_e2m1", VF_FORMAT_NVFP4},
               {"q8", VF_FORMAT_INT8},          {"q6", VF_FORMAT_INT6},
               {"q4", VF_FORMAT_INT4},          {"8bit", VF_FORMAT_INT8},
               {"6bit", VF_FORMAT_INT6},        {"4bit", VF_FORMAT_INT4}}; /* ExLlama, MLX */
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (!vf_name_equal(name, words[i].word)) continue;
    *out = words[i].format;
    return VF_OK;
  }
  return vf_format_find(out, name, err);
}

uint64_t vf_format_row_ceil(vf_format format, uint64_t elements) {
  const vf_format_info *f = &vf_formats[format];
  return (elements + f->block_elements - 1) / f->block_elements * f->block_bytes + f->row_bytes;
}

uint64_t vf_format_row_about(vf_format format, uint64_t elements) {
  uint64_t bytes;
  return vf_format_row(&bytes, format, elements) ? bytes : elements * 2;
}
