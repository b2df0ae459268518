/* recipe.c - what llama-quantize does, restated.
 *
 * Source: llama.cpp v0.5.0 (de3ff81), src/llama-quant.cpp (llama_tensor_get_type and
 * llama_model_quantize_impl), for files made without an importance matrix.  The order of the
 * tensors matters: two counters, of value matrices and of down projections, run through the model
 * layer by layer. */
#include "models/recipe.h"

#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "base/status.h"
#include "core/format.h"

/* ---- The recipes ------------------------------------------------------------------------ */

typedef enum recipe_id {
  R_F32,
  R_BF16,
  R_F16,
  R_Q8_0,
  R_Q6_K,
  R_Q5_K_M,
  R_Q5_K_S,
  R_Q5_1,
  R_Q5_0,
  R_Q4_K_M,
  R_Q4_K_S,
  R_Q4_1,
  R_Q4_0,
  R_IQ4_NL,
  R_IQ4_XS,
  R_Q3_K_L,
  R_Q3_K_M,
  R_Q3_K_S,
  R_Q2_K,
  R_COUNT
} recipe_id;

typedef struct recipe {
  const char *name;
  vf_format base; /* what a tensor gets that no rule singles out */
  bool common;
} recipe;

static const recipe recipes[] = {
    [R_F32] = {"F32", VF_FORMAT_F32, false},
    [R_BF16] = {"BF16", VF_FORMAT_BF16, true},
    [R_F16] = {"F16", VF_FORMAT_F16, false},
    [R_Q8_0] = {"Q8_0", VF_FORMAT_Q8_0, true},
    [R_Q6_K] = {"Q6_K", VF_FORMAT_Q6_K, true},
    [R_Q5_K_M] = {"Q5_K_M", VF_FORMAT_Q5_K, true},
    [R_Q5_K_S] = {"Q5_K_S", VF_FORMAT_Q5_K, false},
    [R_Q5_1] = {"Q5_1", VF_FORMAT_Q5_1, false},
    [R_Q5_0] = {"Q5_0", VF_FORMAT_Q5_0, false},
    [R_Q4_K_M] = {"Q4_K_M", VF_FORMAT_Q4_K, true},
    [R_Q4_K_S] = {"Q4_K_S", VF_FORMAT_Q4_K, true},
    [R_Q4_1] = {"Q4_1", VF_FORMAT_Q4_1, false},
    [R_Q4_0] = {"Q4_0", VF_FORMAT_Q4_0, false},
    [R_IQ4_NL] = {"IQ4_NL", VF_FORMAT_IQ4_NL, false},
    [R_IQ4_XS] = {"IQ4_XS", VF_FORMAT_IQ4_XS, true},
    [R_Q3_K_L] = {"Q3_K_L", VF_FORMAT_Q3_K, false},
    [R_Q3_K_M] = {"Q3_K_M", VF_FORMAT_Q3_K, true},
    [R_Q3_K_S] = {"Q3_K_S", VF_FORMAT_Q3_K, false},
    [R_Q2_K] = {"Q2_K", VF_FORMAT_Q2_K, true},
};
_Static_assert(sizeof recipes / sizeof *recipes == R_COUNT, "every recipe has a row");

/* ---- Roles as the quantizer sees them ---------------------------------------------------- */

typedef enum category {
  C_KEEP, /* never quantized: stays f32 */
  C_OUTPUT,
  C_EMBEDDING,
  C_VALUE, /* also a fused QKV */
  C_ATTN_OUTPUT,
  C_DOWN,
  C_OTHER,
} category;

/* Vectors and norms are kept by their shape (quantizable), whatever their role. */
static category category_of(vf_role role) {
  switch (role) {
  case VF_ROLE_OUTPUT: return C_OUTPUT;
  case VF_ROLE_TOKEN_EMBD: return C_EMBEDDING;
  case VF_ROLE_ATTN_V:
  case VF_ROLE_ATTN_QKV: return C_VALUE;
  case VF_ROLE_ATTN_OUTPUT: return C_ATTN_OUTPUT;
  case VF_ROLE_FFN_DOWN: return C_DOWN;
  case VF_ROLE_ROPE_FREQS:
  case VF_ROLE_ROPE_LONG:
  case VF_ROLE_ROPE_SHORT: return C_KEEP;
  default: return C_OTHER;
  }
}

static bool is_quantizable(const vf_tensor *t) {
  return vf_tensor_dims(t) >= 2 && category_of(t->role) != C_KEEP;
}

/* ---- Rules ------------------------------------------------------------------------------ */

typedef struct state {
  const vf_model *m;
  recipe_id id;
  vf_format base;
  uint32_t gqa;             /* query heads per key/value head, of the first layer */
  bool large_llama;         /* the 80-layer one with shared KV heads has a rule of its own */
  uint32_t n_values, value; /* how many value matrices there are, and the running index */
  uint32_t n_downs, down;
} state;

/* The first and last eighth, and every third layer between them, get more bits. */
static bool use_more_bits(uint32_t i, uint32_t n) {
  return i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2;
}

static vf_format output_format(const state *s, const vf_tensor *t) {
  if (s->base == VF_FORMAT_Q8_0 || !vf_format_divides(s->base, t->ne[0])) return VF_FORMAT_Q8_0;
  return VF_FORMAT_Q6_K;
}

static vf_format value_rule(const state *s, uint32_t i) {
  switch (s->id) {
  case R_Q2_K: return s->gqa >= 4 ? VF_FORMAT_Q4_K : VF_FORMAT_Q3_K;
  case R_Q3_K_M: return i < 2 ? VF_FORMAT_Q5_K : VF_FORMAT_Q4_K;
  case R_Q3_K_L: return VF_FORMAT_Q5_K;
  case R_IQ4_XS:
  case R_IQ4_NL: return s->gqa >= 4 ? VF_FORMAT_Q5_K : s->base;
  case R_Q4_K_M:
  case R_Q5_K_M: return use_more_bits(i, s->n_values) ? VF_FORMAT_Q6_K : s->base;
  case R_Q4_K_S: return i < 4 ? VF_FORMAT_Q5_K : s->base;
  default: return s->base;
  }
}

static vf_format value_format(const state *s, uint32_t i) {
  vf_format f = value_rule(s, i);
  bool low = f == VF_FORMAT_Q3_K || f == VF_FORMAT_Q4_K;
  return s->large_llama && low ? VF_FORMAT_Q5_K : f;
}

static vf_format down_format(const state *s, uint32_t i) {
  uint32_t n = s->n_downs;
  switch (s->id) {
  case R_Q2_K: return VF_FORMAT_Q3_K;
  case R_Q3_K_M: return i < n / 16 ? VF_FORMAT_Q5_K : VF_FORMAT_Q4_K;
  case R_Q3_K_L: return VF_FORMAT_Q5_K;
  case R_Q4_K_M:
  case R_Q5_K_M: return use_more_bits(i, n) ? VF_FORMAT_Q6_K : s->base;
  case R_Q4_K_S:
  case R_IQ4_XS:
  case R_IQ4_NL: return i < n / 8 ? VF_FORMAT_Q5_K : s->base;
  default: return s->base;
  }
}

static vf_format attn_output_format(const state *s) {
  switch (s->id) {
  case R_Q2_K: return VF_FORMAT_Q3_K;
  case R_Q3_K_M: return VF_FORMAT_Q4_K;
  case R_Q3_K_L: return VF_FORMAT_Q5_K;
  default: return s->base;
  }
}

static vf_format wanted_format(state *s, const vf_tensor *t) {
  switch (category_of(t->role)) {
  case C_OUTPUT: return output_format(s, t);
  case C_EMBEDDING: return s->m->tied ? output_format(s, t) : s->base;
  case C_VALUE: return value_format(s, s->value++);
  case C_ATTN_OUTPUT: return attn_output_format(s);
  case C_DOWN: return down_format(s, s->down++);
  case C_KEEP:
  case C_OTHER: break;
  }
  return s->base;
}

/* Rows that are not whole blocks get a format of 32-element blocks of about that size, and f16 if
 * even those do not divide. */
static vf_format fallback(vf_format f) {
  switch (f) {
  case VF_FORMAT_Q2_K:
  case VF_FORMAT_Q3_K: return VF_FORMAT_Q4_0;
  case VF_FORMAT_Q4_K: return VF_FORMAT_Q5_0;
  case VF_FORMAT_Q5_K: return VF_FORMAT_Q5_1;
  case VF_FORMAT_Q6_K: return VF_FORMAT_Q8_0;
  case VF_FORMAT_IQ4_XS: return VF_FORMAT_IQ4_NL;
  default: return f;
  }
}

static vf_format fitting_format(vf_format f, uint64_t row) {
  if (vf_format_divides(f, row)) return f;
  f = fallback(f);
  return vf_format_divides(f, row) ? f : VF_FORMAT_F16;
}

/* ---- Applying --------------------------------------------------------------------------- */

static bool is_plain(vf_format f) {
  return !vf_format_get(f)->quantized;
}

static vf_format choose(state *s, const vf_tensor *t) {
  if (!is_quantizable(t)) return VF_FORMAT_F32;
  if (is_plain(s->base)) return s->base;
  return fitting_format(wanted_format(s, t), t->ne[0]);
}

static state begin(const vf_model *m, recipe_id id) {
  const vf_layer *first = &m->layers[0];
  state s = {.m = m, .id = id, .base = recipes[id].base, .gqa = first->n_heads / first->n_kv_heads};
  s.large_llama = strcmp(m->arch, "llama") == 0 && m->n_layers == 80 && s.gqa > 1;
  for (size_t i = 0; i < m->n_tensors; i++) {
    s.n_values += category_of(m->tensors[i].role) == C_VALUE;
    s.n_downs += category_of(m->tensors[i].role) == C_DOWN;
  }
  return s;
}

static vf_status apply(vf_model *m, recipe_id id, vf_error *err) {
  state s = begin(m, id);
  for (size_t i = 0; i < m->n_tensors; i++) {
    vf_tensor *t = &m->tensors[i];
    vf_status status = vf_tensor_store(t, choose(&s, t), err);
    if (status != VF_OK) return status;
  }
  snprintf(m->quant, sizeof m->quant, "%s", recipes[id].name);
  return VF_OK;
}

vf_status vf_recipe_apply(vf_model *m, const char *name, vf_error *err) {
  vf_name_search search = vf_name_search_for(name);
  for (int id = 0; id < R_COUNT; id++) {
    if (vf_name_equal(name, recipes[id].name)) return apply(m, (recipe_id)id, err);
    vf_name_search_try(&search, recipes[id].name);
  }
  if (search.best == NULL)
    return vf_fail(err, VF_UNKNOWN, "unknown quant '%s' (q8_0, q6_k, q5_k_m, q4_k_m, iq4_xs…)",
                   name);
  return vf_fail(err, VF_UNKNOWN, "unknown quant '%s': did you mean %s?", name, search.best);
}

vf_status vf_recipe_apply_own(vf_model *m, vf_error *err) {
  switch (m->own_format) {
  case VF_FORMAT_F32: return apply(m, R_F32, err);
  case VF_FORMAT_F16: return apply(m, R_F16, err);
  case VF_FORMAT_BF16: return apply(m, R_BF16, err);
  default: return vf_fail(err, VF_USAGE, "the config states no dtype: name a format with --quant");
  }
}

const char *vf_recipe_name(size_t i, bool *common) {
  if (i >= R_COUNT) return NULL;
  *common = recipes[i].common;
  return recipes[i].name;
}
