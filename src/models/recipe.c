/* recipe.c - what llama-quantize does, restated.
 *
 * Source: llama.cpp v0.5.0 (de3ff81), src/llama-quant.cpp (llama_tensor_get_type and
 * llama_model_quantize_impl), for files made without an importance matrix where that makes a
 * difference.  Two counters, of value matrices and of down projections, run through the model layer
 * by layer; in a mixture of experts the layer's number takes the second one's place. */
#include "models/recipe.h"

#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "base/status.h"
#include "core/format.h"
#include "models/mix.h"
#include "models/scheme.h"

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
  R_MXFP4_MOE,
  R_Q3_K_L,
  R_Q3_K_M,
  R_IQ3_M,
  R_IQ3_S,
  R_Q3_K_S,
  R_IQ3_XS,
  R_IQ3_XXS,
  R_Q2_K,
  R_Q2_K_S,
  R_IQ2_M,
  R_IQ2_S,
  R_IQ2_XS,
  R_IQ2_XXS,
  R_TQ2_0,
  R_TQ1_0,
  R_IQ1_M,
  R_IQ1_S,
  R_Q1_0,
  R_NAMED, /* those that llama-quantize makes; the rest is of files alone */
  R_NVFP4 = R_NAMED,
  R_COUNT
} recipe_id;

typedef struct recipe {
  const char *name;
  vf_format base;   /* what a tensor gets that no rule singles out */
  vf_format embd;   /* the token embedding, if there is an output matrix; NONE: base */
  vf_format output; /* NONE: q6_K */
  bool common;
  bool tiny;         /* below three bits: rules of their own */
  int16_t file_type; /* general.file_type of a GGUF file (llama.h, LLAMA_FTYPE) */
} recipe;

#define F(x) VF_FORMAT_##x

static const recipe recipes[] = {
    [R_F32] = {"F32", F(F32), 0, 0, false, false, 0},
    [R_BF16] = {"BF16", F(BF16), 0, 0, true, false, 32},
    [R_F16] = {"F16", F(F16), 0, 0, false, false, 1},
    [R_Q8_0] = {"Q8_0", F(Q8_0), 0, F(Q8_0), true, false, 7},
    [R_Q6_K] = {"Q6_K", F(Q6_K), 0, 0, true, false, 18},
    [R_Q5_K_M] = {"Q5_K_M", F(Q5_K), 0, 0, true, false, 17},
    [R_Q5_K_S] = {"Q5_K_S", F(Q5_K), 0, 0, false, false, 16},
    [R_Q5_1] = {"Q5_1", F(Q5_1), 0, 0, false, false, 9},
    [R_Q5_0] = {"Q5_0", F(Q5_0), 0, 0, false, false, 8},
    [R_Q4_K_M] = {"Q4_K_M", F(Q4_K), 0, 0, true, false, 15},
    [R_Q4_K_S] = {"Q4_K_S", F(Q4_K), 0, 0, true, false, 14},
    [R_Q4_1] = {"Q4_1", F(Q4_1), 0, 0, false, false, 3},
    [R_Q4_0] = {"Q4_0", F(Q4_0), 0, 0, false, false, 2},
    [R_IQ4_NL] = {"IQ4_NL", F(IQ4_NL), 0, 0, false, false, 25},
    [R_IQ4_XS] = {"IQ4_XS", F(IQ4_XS), 0, 0, true, false, 30},
    [R_MXFP4_MOE] = {"MXFP4_MOE", F(MXFP4), F(Q8_0), F(Q8_0), false, false, 38},
    [R_Q3_K_L] = {"Q3_K_L", F(Q3_K), 0, 0, false, false, 13},
    [R_Q3_K_M] = {"Q3_K_M", F(Q3_K), 0, 0, true, false, 12},
    [R_IQ3_M] = {"IQ3_M", F(IQ3_S), 0, 0, false, false, 27},
    [R_IQ3_S] = {"IQ3_S", F(IQ3_S), 0, 0, false, false, 26},
    [R_Q3_K_S] = {"Q3_K_S", F(Q3_K), 0, 0, false, false, 11},
    [R_IQ3_XS] = {"IQ3_XS", F(IQ3_S), F(IQ3_S), 0, false, false, 22},
    [R_IQ3_XXS] = {"IQ3_XXS", F(IQ3_XXS), F(IQ3_S), F(Q5_K), false, false, 23},
    [R_Q2_K] = {"Q2_K", F(Q2_K), 0, 0, true, false, 10},
    [R_Q2_K_S] = {"Q2_K_S", F(Q2_K), 0, 0, false, false, 21},
    [R_IQ2_M] = {"IQ2_M", F(IQ2_S), F(IQ3_S), F(Q5_K), false, true, 29},
    [R_IQ2_S] = {"IQ2_S", F(IQ2_XS), F(IQ3_S), F(Q5_K), false, true, 28},
    [R_IQ2_XS] = {"IQ2_XS", F(IQ2_XS), F(Q2_K), F(Q5_K), false, true, 20},
    [R_IQ2_XXS] = {"IQ2_XXS", F(IQ2_XXS), F(Q2_K), F(Q5_K), false, true, 19},
    [R_TQ2_0] = {"TQ2_0", F(TQ2_0), F(Q4_K), 0, false, false, 37},
    [R_TQ1_0] = {"TQ1_0", F(TQ1_0), F(Q4_K), 0, false, false, 36},
    [R_IQ1_M] = {"IQ1_M", F(IQ1_M), F(Q2_K), F(Q5_K), false, true, 31},
    [R_IQ1_S] = {"IQ1_S", F(IQ1_S), F(Q2_K), F(Q5_K), false, true, 24},
    [R_Q1_0] = {"Q1_0", F(Q1_0), 0, 0, false, false, 40},
    [R_NVFP4] = {"NVFP4", F(NVFP4), F(Q8_0), F(Q8_0), false, false, 39},
};
_Static_assert(sizeof recipes / sizeof *recipes == R_COUNT, "every recipe has a row");

/* ---- What the rules look at ------------------------------------------------------------- */

typedef struct state {
  const vf_model *m;
  recipe_id id;
  vf_format base;
  uint32_t gqa;       /* query heads per key/value head, of the first layer; 0: it has none */
  uint32_t n_experts; /* 0: dense */
  bool imatrix;       /* quantized with an importance matrix: some rules spend less */
  bool early;         /* Q2_K as it was before January 2024 */
  bool wide;          /* embedding and output in q8_0 */
  bool falcon;
  bool large_llama; /* the 80-layer one with shared KV heads has a rule of its own */
  bool fused_apart; /* as before b8266: what is not called attn_v is no value matrix */
  bool mxfp4;       /* experts are left in MXFP4, as they were published */
  bool tied;
  vf_format embd; /* what the embedding is in, whatever the rules say; NONE: as they say */
  uint32_t n_values, value; /* how many value matrices there are, and the running index */
  uint32_t downs, gates, ups;
} state;

static vf_category category_of(const vf_tensor *t) {
  return vf_roles[t->role].category;
}

static bool is_quantizable(const vf_tensor *t) {
  vf_category c = category_of(t);
  return vf_tensor_dims(t) >= 2 && t->suffix == VF_SUFFIX_WEIGHT && c != VF_CATEGORY_KEEP32 &&
         c != VF_CATEGORY_KEEP16;
}

/* The first and last eighth, and every third layer between them, get more bits. */
static bool use_more_bits(uint32_t i, uint32_t n) {
  return i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2;
}

/* ---- Rules ------------------------------------------------------------------------------ */

static vf_format output_format(const state *s, const vf_tensor *t) {
  if (s->wide) return F(Q8_0);
  vf_format own = recipes[s->id].output;
  if (s->falcon || !vf_format_divides(s->base, t->ne[0])) return F(Q8_0);
  return own != VF_FORMAT_NONE ? own : F(Q6_K);
}

static vf_format embedding_format(const state *s, const vf_tensor *t) {
  if (s->wide && t->role == VF_ROLE_TOKEN_EMBD) return F(Q8_0);
  vf_format own = recipes[s->id].embd;
  bool embeds = t->role == VF_ROLE_TOKEN_EMBD || t->role == VF_ROLE_PER_LAYER_TOKEN_EMBD;
  if (s->tied && embeds) return output_format(s, t); /* llama-quant.cpp:103: one class */
  return own != VF_FORMAT_NONE ? own : s->base;
}

static vf_format value_rule(const state *s, uint32_t i) {
  bool shared = s->gqa >= 4;
  switch (s->id) {
  case R_Q2_K: return shared ? F(Q4_K) : F(Q3_K);
  case R_Q2_K_S: return shared ? F(Q4_K) : s->base;
  case R_IQ3_XXS: return shared ? F(Q4_K) : s->imatrix ? s->base : F(IQ3_S);
  case R_IQ3_XS:
  case R_IQ3_S: return shared ? F(Q4_K) : s->base;
  case R_IQ3_M: return F(Q4_K);
  case R_Q3_K_M: return i < 2 ? F(Q5_K) : F(Q4_K);
  case R_Q3_K_L: return F(Q5_K);
  case R_IQ4_XS:
  case R_IQ4_NL: return shared ? F(Q5_K) : s->base;
  case R_Q4_K_M:
  case R_Q5_K_M: return use_more_bits(i, s->n_values) ? F(Q6_K) : s->base;
  case R_Q4_K_S: return i < 4 ? F(Q5_K) : s->base;
  default: return s->base;
  }
}

static vf_format value_format(const state *s, uint32_t i) {
  vf_format f = value_rule(s, i);
  bool low = f == F(Q3_K) || f == F(Q4_K);
  if (s->large_llama && low) f = F(Q5_K);
  return s->n_experts == 8 ? F(Q8_0) : f;
}

/* Until #19770 (b8266, March 2026) queries, keys and values in one had a rule of their own, and the
 * key-value half of a latent attention none. */
static vf_format fused_format(const state *s, const vf_tensor *t) {
  if (t->role != VF_ROLE_ATTN_QKV) return s->base;
  switch (s->id) {
  case R_Q3_K_M:
  case R_Q3_K_L:
  case R_IQ3_M: return F(Q4_K);
  case R_Q4_K_M: return F(Q5_K);
  case R_Q5_K_M: return F(Q6_K);
  default: return s->base;
  }
}

static vf_format key_format(const state *s) {
  if (s->early) return F(Q2_K);
  if (s->n_experts == 8) return F(Q8_0);
  if (s->id == R_IQ3_XS) return F(IQ3_XXS);
  return s->id == R_IQ3_XXS ? F(IQ2_S) : s->base;
}

static vf_format query_format(const state *s) {
  if (s->early) return F(Q2_K);
  if (s->id == R_IQ3_XS) return F(IQ3_XXS);
  return s->id == R_IQ3_XXS ? F(IQ2_S) : s->base;
}

static vf_format falcon_down_format(const state *s, uint32_t i, uint32_t n) {
  bool more = use_more_bits(i, n);
  switch (s->id) {
  case R_Q3_K_M: return i < n / 16 ? F(Q5_K) : more ? F(Q4_K) : F(Q3_K);
  case R_Q3_K_L: return F(Q4_K);
  case R_Q4_K_M: return i < n / 16 ? F(Q6_K) : more ? F(Q5_K) : s->base;
  case R_Q4_K_S: return s->base;
  default: return VF_FORMAT_NONE; /* as everyone */
  }
}

static vf_format down_format(const state *s, uint32_t i) {
  uint32_t n = s->m->n_layers;
  vf_format falcon = s->falcon ? falcon_down_format(s, i, n) : VF_FORMAT_NONE;
  if (falcon != VF_FORMAT_NONE) return falcon;
  switch (s->id) {
  case R_Q2_K: return F(Q3_K);
  case R_Q2_K_S: return i < n / 8 ? F(Q4_K) : s->base;
  case R_IQ3_XXS: return s->imatrix ? s->base : i < n / 8 ? F(Q4_K) : F(Q3_K);
  case R_IQ3_M: return i < n / 8 || (s->n_experts == 8 && use_more_bits(i, n)) ? F(Q4_K) : s->base;
  case R_Q3_K_M: return i < n / 16 ? F(Q5_K) : F(Q4_K);
  case R_Q3_K_L: return F(Q5_K);
  case R_Q4_K_M:
  case R_Q5_K_M: return use_more_bits(i, n) ? F(Q6_K) : s->base;
  case R_Q4_K_S: return i < n / 8 ? F(Q5_K) : s->base;
  case R_IQ4_XS:
  case R_IQ4_NL: return i < n / 8 && !s->imatrix ? F(Q5_K) : s->base;
  case R_Q4_0: return i < n / 8 && s->imatrix ? F(Q4_1) : s->base;
  case R_Q5_0: return i < n / 8 && s->imatrix ? F(Q5_1) : s->base;
  default: return s->base;
  }
}

static vf_format attn_output_format(const state *s) {
  bool eight = s->n_experts == 8;
  if (s->falcon) return s->id == R_Q3_K_L ? F(Q4_K) : s->base;
  switch (s->id) {
  case R_Q2_K: return eight ? F(Q5_K) : F(Q3_K);
  case R_IQ3_XXS: return eight ? F(Q5_K) : F(IQ3_S);
  case R_Q3_K_M:
  case R_IQ3_M: return eight ? F(Q5_K) : F(Q4_K);
  case R_Q3_K_L: return eight ? s->base : F(Q5_K);
  case R_Q3_K_S:
  case R_IQ3_XS:
  case R_IQ3_S:
  case R_IQ4_NL:
  case R_IQ4_XS:
  case R_Q4_K_S:
  case R_Q4_K_M: return eight ? F(Q5_K) : s->base;
  default: return s->base;
  }
}

static vf_format wide_format(const state *s, uint32_t i) {
  uint32_t n = s->m->n_layers;
  return s->id == R_IQ3_XS && i >= n / 8 && i < 7 * n / 8 ? F(IQ3_XXS) : s->base;
}

/* Files below three bits share a table of their own. */
static vf_format tiny_format(const state *s, vf_category category, uint32_t down) {
  bool larger = s->id == R_IQ2_S || s->id == R_IQ2_M, one = s->id == R_IQ1_S || s->id == R_IQ1_M;
  vf_format step = larger ? F(IQ3_S) : F(Q2_K);
  switch (category) {
  case VF_CATEGORY_VALUE: return s->gqa >= 4 || s->n_experts >= 4 ? F(Q4_K) : step;
  case VF_CATEGORY_KEY: return s->n_experts == 8 ? F(Q4_K) : s->base;
  case VF_CATEGORY_DOWN: return down < s->m->n_layers / 8 ? step : s->base;
  case VF_CATEGORY_ATTN_OUTPUT:
    if (s->n_experts == 8) return F(Q5_K);
    return one ? F(IQ2_XXS) : larger ? F(IQ3_S) : s->base;
  default: return s->base;
  }
}

/* The index that a rule about "the first layers" looks at. */
static uint32_t index_of(const state *s, const vf_tensor *t, uint32_t *counter) {
  uint32_t n = (*counter)++;
  return s->n_experts > 1 && t->layer >= 0 ? (uint32_t)t->layer : n;
}

static vf_format wanted_format(state *s, const vf_tensor *t) {
  vf_category category = category_of(t);
  if (category == VF_CATEGORY_OUTPUT) return output_format(s, t);
  if (category == VF_CATEGORY_EMBEDDING) return embedding_format(s, t);
  if (s->id == R_MXFP4_MOE || s->id == R_NVFP4) return t->ne[2] > 1 ? s->base : F(Q8_0);
  uint32_t down = category == VF_CATEGORY_DOWN ? index_of(s, t, &s->downs) : 0;
  if (recipes[s->id].tiny) return tiny_format(s, category, down);
  if (s->fused_apart && t->role != VF_ROLE_ATTN_V && category == VF_CATEGORY_VALUE)
    return fused_format(s, t);
  switch (category) {
  case VF_CATEGORY_VALUE: return value_format(s, s->value++);
  case VF_CATEGORY_KEY: return key_format(s);
  case VF_CATEGORY_QUERY: return query_format(s);
  case VF_CATEGORY_ATTN_OUTPUT: return attn_output_format(s);
  case VF_CATEGORY_DOWN: return down_format(s, down);
  case VF_CATEGORY_GATE: return wide_format(s, index_of(s, t, &s->gates));
  case VF_CATEGORY_UP: return wide_format(s, index_of(s, t, &s->ups));
  default: return s->base;
  }
}

/* Rows that are not whole blocks get a format of 32-element blocks of about that size, and f16 if
 * even those do not divide. */
static vf_format fallback(vf_format f) {
  switch (f) {
  case F(TQ1_0):
  case F(TQ2_0):
  case F(Q1_0):
  case F(Q2_K):
  case F(Q3_K): return F(Q4_0);
  case F(Q4_K): return F(Q5_0);
  case F(Q5_K): return F(Q5_1);
  case F(Q6_K): return F(Q8_0);
  default: return f == F(NVFP4) ? F(Q8_0) : F(IQ4_NL);
  }
}

static vf_format fitting_format(vf_format f, uint64_t row) {
  if (vf_format_divides(f, row)) return f;
  f = vf_format_get(f)->block_elements > 32 ? fallback(f) : f;
  return vf_format_divides(f, row) ? f : F(F16);
}

/* How a recipe's file was made beside the recipe.  bartowski's "_L" are llama-quantize's own with
 * --token-embedding-type q8_0 --output-tensor-type q8_0: 80 of 113 files are so to the rounding,
 * those of hybrids in 2026 have mixes of their own (tests/truth/mixes.tsv), and so has Unsloth's
 * Q2_K_L; until January 2024 (llama.cpp #4773) Q2_K had Q3_K for all but queries and keys. */
typedef enum variant_id { V_PLAIN, V_IMATRIX, V_WIDE, V_EARLY } variant_id;

static const struct {
  const char *name;
  recipe_id recipe;
  variant_id how;
  vf_weights_share share; /* that such files had of it; 0: exactly it */
} variants[] = {
    {"Q3_K_XL", R_Q3_K_L, V_WIDE, {925, 1000, 1060}},
    {"Q4_K_L", R_Q4_K_M, V_WIDE, {965, 1000, 1066}},
    {"Q5_K_L", R_Q5_K_M, V_WIDE, {965, 1000, 1080}},
    {"Q6_K_L", R_Q6_K, V_WIDE, {965, 1000, 1070}},
    {"Q2_K_L", R_Q2_K, V_WIDE, {860, 976, 1080}},
    {"Q2_K+2023", R_Q2_K, V_EARLY, {0, 0, 0}},
    {"Q4_0_4_4", R_Q4_0, V_PLAIN, {0, 0, 0}},
    {"Q4_0_4_8", R_Q4_0, V_PLAIN, {0, 0, 0}},
    {"Q4_0_8_8", R_Q4_0, V_PLAIN, {0, 0, 0}},
};
enum { N_VARIANTS = sizeof variants / sizeof *variants };

static const char imatrix_suffix[] = "+imatrix";

/* ---- Applying --------------------------------------------------------------------------- */

static bool is_plain(vf_format f) {
  return !vf_format_get(f)->quantized;
}

/* What a conversion leaves alone: f32 mostly, a few matrices in 16 bits; a file keeps its own. */
static vf_format kept_format(const state *s, const vf_tensor *t) {
  if (s->m->from_file) return (vf_format)t->format;
  bool half = category_of(t) == VF_CATEGORY_KEEP16 && vf_tensor_dims(t) >= 2;
  return half && s->base != F(F32) ? F(F16) : F(F32);
}

/* A tower is a file of its own, which quantizing the model leaves as it is published. */
static vf_format tower_format(const state *s) {
  if (is_plain(s->base)) return s->base;
  return s->m->own_format != VF_FORMAT_NONE ? s->m->own_format : F(F16);
}

static bool keeps_mxfp4(const state *s, const vf_tensor *t) {
  return s->mxfp4 && t->ne[2] > 1 && t->suffix == VF_SUFFIX_WEIGHT &&
         vf_format_divides(F(MXFP4), t->ne[0]);
}

static vf_format choose(state *s, const vf_tensor *t) {
  if (t->tower != 0) return tower_format(s);
  if (s->embd != VF_FORMAT_NONE && t->role == VF_ROLE_TOKEN_EMBD) return s->embd;
  if (keeps_mxfp4(s, t)) return F(MXFP4);
  bool layers = t->role == VF_ROLE_PER_LAYER_TOKEN_EMBD;
  if (layers && (s->m->flags & VF_MODEL_LAYER_EMBD_F16) != 0) return F(F16);
  if (!is_quantizable(t)) return kept_format(s, t);
  if (is_plain(s->base)) return s->base;
  return fitting_format(wanted_format(s, t), t->ne[0]);
}

/* Latent attention counts as one key/value head. */
static uint32_t heads_per_kv(const vf_layer *l) {
  if (l->kv_lora != 0) return l->n_heads;
  return l->n_kv_heads == 0 ? 0 : l->n_heads / l->n_kv_heads;
}

static state begin(const vf_model *m, recipe_id id, variant_id how) {
  const vf_layer *first = &m->layers[0];
  state s = {.m = m, .id = id, .base = recipes[id].base, .gqa = heads_per_kv(first)};
  s.imatrix = how == V_IMATRIX;
  s.wide = how == V_WIDE;
  s.mxfp4 = (m->flags & VF_MODEL_EXPERTS_MXFP4) != 0;
  s.early = how == V_EARLY;
  if (s.early) s.base = F(Q3_K);
  for (uint32_t i = 0; i < m->n_layers; i++)
    if (m->layers[i].n_experts > s.n_experts) s.n_experts = m->layers[i].n_experts;
  s.falcon = strcmp(m->arch, "falcon") == 0;
  s.large_llama = strcmp(m->arch, "llama") == 0 && m->n_layers == 80 && s.gqa > 1;
  s.tied = m->tied;
  if (id == R_Q4_0 && (m->flags & VF_MODEL_QAT_EMBD_F16) != 0) s.embd = F(F16);
  for (size_t i = 0; i < m->n_tensors; i++)
    s.n_values +=
        category_of(&m->tensors[i]) == VF_CATEGORY_VALUE && is_quantizable(&m->tensors[i]);
  return s;
}

/* A name does not tell by which build a file was made, or with an importance matrix, or whether
 * experts were left as they are published: the same recipe in the ways in which it may have been
 * followed.  They differ in few tensors, of few models. */
enum { WAYS = 5 };

static size_t other_ways(state ways[WAYS], const state *s) {
  size_t n = 0;
  bool plain = !s->imatrix && !s->wide && !s->early;
  for (size_t i = 0; i < s->m->n_tensors && n == 0; i++)
    if (category_of(&s->m->tensors[i]) == VF_CATEGORY_VALUE &&
        s->m->tensors[i].role != VF_ROLE_ATTN_V) {
      ways[n] = *s;
      ways[n++].fused_apart = true;
    }
  if (plain) {
    ways[n] = *s;
    ways[n++].imatrix = true;
  }
  if ((s->m->flags & VF_MODEL_MXFP4_PUBLISHED) != 0) {
    ways[n] = *s;
    ways[n++].mxfp4 = true;
  }
  /* The embedding in 16 bits as the makers have it, or in 4 (stduhpf's, which are all Q4_0). */
  if (s->id == R_Q4_0 && (s->m->flags & VF_MODEL_QAT_EMBD_ANY) != 0) {
    ways[n] = ways[n + 1] = *s;
    ways[n++].embd = F(F16);
    ways[n++].embd = F(Q4_0);
  }
  return n;
}

/* In thousandths of a row as it is stored. */
static uint32_t part_of(const vf_tensor *t, vf_format f, bool upwards) {
  uint64_t own = vf_format_row_about((vf_format)t->format, t->ne[0]);
  uint64_t other = vf_format_row_about(f, t->ne[0]);
  return (uint32_t)((other * 1000 + (upwards ? own - 1 : 0)) / own);
}

static void add_way(vf_tensor *t, vf_format f) {
  if (f == (vf_format)t->format) return;
  if (t->share.expected == 0) t->share = (vf_weights_share){1000, 1000, 1000};
  uint32_t low = part_of(t, f, false), high = part_of(t, f, true);
  if (low < t->share.low) t->share.low = low;
  if (high > t->share.high) t->share.high = high;
}

static vf_status apply(vf_model *m, recipe_id id, variant_id how, vf_error *err) {
  state s = begin(m, id, how), ways[WAYS];
  size_t n_ways = other_ways(ways, &s);
  for (size_t i = 0; i < m->n_tensors; i++) {
    vf_tensor *t = &m->tensors[i];
    if (vf_roles[t->role].home == VF_HOME_TOWER && t->tower == 0) continue;
    vf_status status = vf_tensor_store(t, choose(&s, t), err);
    if (status != VF_OK) return status;
    for (size_t way = 0; way < n_ways; way++) add_way(t, choose(&ways[way], t));
  }
  vf_model_stored(m);
  snprintf(m->quant, sizeof m->quant, "%s%s", recipes[id].name,
           how == V_IMATRIX ? imatrix_suffix : "");
  m->checkpoint[0] = '\0';
  m->share = (vf_weights_share){0, 0, 0};
  return VF_OK;
}

/* Cuts "+imatrix" off the end of a recipe's name. */
static bool cut_imatrix(char out[VF_NAME_SIZE], const char *name) {
  snprintf(out, VF_NAME_SIZE, "%s", name);
  size_t n = strlen(out), m = sizeof imatrix_suffix - 1;
  if (n <= m || !vf_name_equal(out + n - m, imatrix_suffix)) return false;
  out[n - m] = '\0';
  return true;
}

static vf_status apply_variant(vf_model *m, size_t i, vf_error *err) {
  vf_status status = apply(m, variants[i].recipe, variants[i].how, err);
  if (status != VF_OK) return status;
  snprintf(m->quant, sizeof m->quant, "%s", variants[i].name);
  m->share = variants[i].share;
  if (m->share.expected != 0)
    vf_model_assume(m, "mix", "wider embedding and output: its size by what such files had");
  return VF_OK;
}

/* Ollama's own files of gpt-oss: experts as they are published, everything else in 16 bits. */
static const char mxfp4_bf16[] = "MXFP4+BF16";

static vf_status apply_mxfp4_bf16(vf_model *m, vf_error *err) {
  m->flags |= VF_MODEL_EXPERTS_MXFP4;
  vf_status status = apply(m, R_BF16, V_PLAIN, err);
  if (status == VF_OK) snprintf(m->quant, sizeof m->quant, "%s", mxfp4_bf16);
  return status;
}

/* Whether the digits are the same, so that no other width is suggested. */
static bool same_width(const char *a, const char *b) {
  for (;; a++, b++) {
    while (*a != '\0' && (*a < '0' || *a > '9')) a++;
    while (*b != '\0' && (*b < '0' || *b > '9')) b++;
    if (*a != *b) return false;
    if (*a == '\0') return true;
  }
}

vf_status vf_recipe_apply(vf_model *m, const char *name, vf_error *err) {
  char bare[VF_NAME_SIZE];
  vf_scheme scheme;
  vf_name_search search = vf_name_search_for(name);
  bool imatrix = cut_imatrix(bare, name);
  for (int id = 0; id < R_NAMED; id++) {
    if (vf_name_equal(bare, recipes[id].name))
      return apply(m, (recipe_id)id, imatrix ? V_IMATRIX : V_PLAIN, err);
    vf_name_search_try(&search, recipes[id].name);
  }
  if (vf_name_equal(name, mxfp4_bf16)) return apply_mxfp4_bf16(m, err);
  for (size_t i = 0; i < N_VARIANTS; i++) {
    if (vf_name_equal(name, variants[i].name)) return apply_variant(m, i, err);
    vf_name_search_try(&search, variants[i].name);
  }
  for (size_t i = 0; vf_mix_name(i) != NULL; i++) {
    if (vf_name_equal(name, vf_mix_name(i))) return vf_mix_apply(m, i, err);
    vf_name_search_try(&search, vf_mix_name(i));
  }
  vf_format ik = vf_mix_ik_format(name);
  if (ik != VF_FORMAT_NONE) return vf_mix_apply_ik(m, name, ik, err);
  if (vf_scheme_named(&scheme, name)) {
    m->scheme_by_name = true;
    return vf_scheme_apply(m, &scheme, err);
  }
  for (size_t i = 0; vf_scheme_name(i) != NULL; i++) vf_name_search_try(&search, vf_scheme_name(i));
  if (search.best != NULL && !same_width(name, search.best)) search.best = NULL;
  if (search.best == NULL)
    return vf_fail(err, VF_UNKNOWN, "unknown quant '%s' (q8_0, q6_k, q5_k_m, q4_k_m, iq4_xs…)",
                   name);
  return vf_fail(err, VF_UNKNOWN, "unknown quant '%s': did you mean %s?", name, search.best);
}

bool vf_recipe_is_known(const char *name) {
  char bare[VF_NAME_SIZE];
  vf_scheme scheme;
  cut_imatrix(bare, name);
  for (size_t i = 0; vf_file_format_name(i) != NULL; i++)
    if (vf_name_equal(i < R_NAMED ? bare : name, vf_file_format_name(i))) return true;
  return vf_name_equal(name, mxfp4_bf16) || vf_mix_ik_format(name) != VF_FORMAT_NONE ||
         vf_scheme_named(&scheme, name);
}

static bool has_states(const vf_model *m) {
  for (uint32_t i = 0; i < m->n_layers; i++)
    if (m->layers[i].mixers & VF_MIX_RECURRENT) return true;
  return false;
}

/* NVIDIA's Gemma 4 26B in NVFP4 was logged with 17.89 GiB: attention and what is dense in 16 bits;
 * models without experts are quantized throughout, and Nemotron 3 lies between. */
void vf_recipe_made_by(vf_model *m, const char *name) {
  static const struct { const char *maker, *method; } makers[] = {{"nvidia/", "modelopt"}};
  for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
    if (strncmp(name, makers[i].maker, strlen(makers[i].maker)) == 0 && m->scheme_by_name &&
        strncmp(m->checkpoint, makers[i].method, strlen(makers[i].method)) == 0)
      m->plain_beside = vf_model_has_experts(m) && !has_states(m);
}

vf_status vf_recipe_apply_own(vf_model *m, vf_error *err) {
  switch (m->own_format) {
  case F(F32): return apply(m, R_F32, V_PLAIN, err);
  case F(F16): return apply(m, R_F16, V_PLAIN, err);
  case F(BF16): return apply(m, R_BF16, V_PLAIN, err);
  default:
    vf_model_assume(m, "no-dtype",
                    "the config states no dtype: taken for float32, as transformers does");
    return apply(m, R_F32, V_PLAIN, err);
  }
}

const char *vf_recipe_of_file_type(int64_t file_type) {
  for (int id = 0; id < R_COUNT; id++)
    if (recipes[id].file_type == file_type) return recipes[id].name;
  return NULL;
}

const char *vf_recipe_name(size_t i, bool *common) {
  if (i >= R_NAMED) return NULL;
  *common = recipes[i].common;
  return recipes[i].name;
}

const char *vf_file_format_name(size_t i) {
  if (i < R_NAMED) return recipes[i].name;
  i -= R_NAMED;
  if (i < N_VARIANTS) return variants[i].name;
  return vf_mix_name(i - N_VARIANTS);
}

const char *vf_weight_format_name(size_t i) {
  enum { OWN = R_NAMED + N_VARIANTS };
  size_t mixes = 0;
  while (vf_mix_name(mixes) != NULL) mixes++;
  return i < OWN + mixes ? vf_file_format_name(i) : vf_scheme_name(i - OWN - mixes);
}
