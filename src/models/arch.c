/* arch.c - the table of architectures and the builder of dense transformers.
 *
 * Sources: transformers' modeling files for which projections a model has and which of them carry
 * a bias; llama.cpp's src/llama-model.cpp and conversion scripts for the tensors of its GGUF. */
#include "models/arch.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"
#include "models/hparams.h"

/* How a bias is decided. */
typedef enum bias_rule {
  BIAS_NEVER,
  BIAS_ON_QKV,    /* Q, K and V always have one */
  BIAS_BY_CONFIG, /* attention_bias: Q, K, V and the output */
} bias_rule;

typedef struct arch {
  const char *model_type; /* of a config.json */
  const char *gguf;       /* general.architecture */
  uint32_t flags;         /* of every layer */
  bias_rule bias;
  bool tied_by_default;      /* tie_word_embeddings when the config leaves it out */
  uint32_t no_rope_interval; /* every so many layers one has no rotary embedding; 0: none */
} arch;

static const arch archs[] = {
    {"llama", "llama", 0, BIAS_BY_CONFIG, false, 0},
    {"mistral", "llama", 0, BIAS_NEVER, false, 0},
    {"qwen2", "qwen2", 0, BIAS_ON_QKV, false, 0},
    {"qwen3", "qwen3", VF_LAYER_QK_NORM, BIAS_BY_CONFIG, false, 0},
    {"phi3", "phi3",
     VF_LAYER_QKV_FUSED | VF_LAYER_FFN_FUSED | VF_LAYER_Q_SCALED | VF_LAYER_RESIDUAL_FIRST,
     BIAS_NEVER, false, 0},
    {"smollm3", "smollm3", 0, BIAS_BY_CONFIG, true, 4},
};
static const size_t n_archs = sizeof archs / sizeof *archs;

enum { TENSORS_PER_LAYER = 20, TENSORS_OUTSIDE = 6 };

/* One model under construction; the first failure sticks. */
typedef struct builder {
  const arch *arch;
  const vf_facts *facts;
  vf_hparams h;
  vf_model *m;
  vf_status status;
  vf_error *err;
} builder;

static bool read_flag(builder *b, const char *key, bool fallback) {
  bool flag = fallback;
  if (b->status == VF_OK) b->status = vf_facts_bool(&flag, b->facts, key, fallback, b->err);
  return flag;
}

/* ---- Tensors ---------------------------------------------------------------------------- */

/* Adds in x out; a vector has out = 1. */
static void add(builder *b, vf_role role, int32_t layer, uint64_t in, uint64_t out) {
  if (b->status != VF_OK) return;
  vf_tensor *t = &b->m->tensors[b->m->n_tensors++];
  *t = (vf_tensor){.ne = {in, out, 1, 1}, .role = role, .layer = layer};
  b->status = vf_tensor_store(t, VF_FORMAT_F32, b->err);
}

static void add_separate_qkv(builder *b, int32_t i, uint64_t q, uint64_t kv, bool bias) {
  uint64_t d = b->h.n_embd;
  add(b, VF_ROLE_ATTN_Q, i, d, q);
  add(b, VF_ROLE_ATTN_K, i, d, kv);
  add(b, VF_ROLE_ATTN_V, i, d, kv);
  if (!bias) return;
  add(b, VF_ROLE_ATTN_Q_BIAS, i, q, 1);
  add(b, VF_ROLE_ATTN_K_BIAS, i, kv, 1);
  add(b, VF_ROLE_ATTN_V_BIAS, i, kv, 1);
}

static void add_attention(builder *b, int32_t i, uint32_t flags) {
  uint64_t d = b->h.n_embd, q = b->h.n_heads * b->h.head_dim, kv = b->h.n_kv_heads * b->h.head_dim;
  bool bias = (flags & VF_LAYER_QKV_BIAS) != 0;
  add(b, VF_ROLE_ATTN_NORM, i, d, 1);
  if (flags & VF_LAYER_QKV_FUSED)
    add(b, VF_ROLE_ATTN_QKV, i, d, q + 2 * kv);
  else
    add_separate_qkv(b, i, q, kv, bias);
  if (flags & VF_LAYER_QK_NORM) {
    add(b, VF_ROLE_ATTN_Q_NORM, i, b->h.head_dim, 1);
    add(b, VF_ROLE_ATTN_K_NORM, i, b->h.head_dim, 1);
  }
  add(b, VF_ROLE_ATTN_OUTPUT, i, q, d);
  if (flags & VF_LAYER_OUT_BIAS) add(b, VF_ROLE_ATTN_OUTPUT_BIAS, i, d, 1);
}

static void add_feed_forward(builder *b, int32_t i, uint32_t flags) {
  uint64_t d = b->h.n_embd, ff = b->h.n_ff;
  bool fused = (flags & VF_LAYER_FFN_FUSED) != 0, bias = (flags & VF_LAYER_FFN_BIAS) != 0;
  add(b, VF_ROLE_FFN_NORM, i, d, 1);
  if (!fused) add(b, VF_ROLE_FFN_GATE, i, d, ff);
  add(b, VF_ROLE_FFN_UP, i, d, fused ? 2 * ff : ff);
  add(b, VF_ROLE_FFN_DOWN, i, ff, d);
  if (!bias) return;
  add(b, VF_ROLE_FFN_GATE_BIAS, i, ff, 1);
  add(b, VF_ROLE_FFN_UP_BIAS, i, ff, 1);
  add(b, VF_ROLE_FFN_DOWN_BIAS, i, d, 1);
}

/* Newer configs call it rope_parameters and rope_type, older ones rope_scaling and type. */
static const char *rope_kind(const vf_facts *f) {
  static const char *const keys[] = {"rope_scaling.rope_type", "rope_scaling.type",
                                     "rope_parameters.rope_type", "rope_parameters.type"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const char *kind = vf_facts_string(f, keys[i], NULL);
    if (kind != NULL) return kind;
  }
  return "";
}

/* Half of the rotated part of a head: partial_rotary_factor in thousandths, rounded like int(). */
static uint64_t rope_frequencies(const builder *b) {
  const vf_fact *f = vf_facts_find(b->facts, "partial_rotary_factor");
  double factor = f != NULL && f->type == VF_FACT_FLOAT ? f->as.real : 1.0;
  if (!(factor > 0.0 && factor <= 1.0)) factor = 1.0;
  uint64_t permille = (uint64_t)(factor * 1000.0 + 0.5);
  return b->h.head_dim * permille / 1000 / 2;
}

/* The converter writes computed frequencies as tensors for two kinds of rope scaling. */
static void add_rope_tables(builder *b) {
  const char *kind = rope_kind(b->facts);
  uint64_t n = rope_frequencies(b);
  if (strcmp(kind, "llama3") == 0) add(b, VF_ROLE_ROPE_FREQS, -1, n, 1);
  if (strcmp(kind, "longrope") != 0 && strcmp(kind, "su") != 0) return;
  add(b, VF_ROLE_ROPE_LONG, -1, n, 1);
  add(b, VF_ROLE_ROPE_SHORT, -1, n, 1);
}

/* ---- Layers ----------------------------------------------------------------------------- */

static uint32_t layer_flags(builder *b, uint32_t i, uint32_t config_flags) {
  uint32_t interval = b->arch->no_rope_interval, flags = b->arch->flags | config_flags;
  if (interval != 0 && (i + 1) % interval == 0) flags |= VF_LAYER_NO_ROPE;
  return flags;
}

static uint32_t bias_flags(builder *b) {
  if (b->arch->bias == BIAS_ON_QKV) return VF_LAYER_QKV_BIAS;
  if (b->arch->bias == BIAS_NEVER) return 0;
  uint32_t flags = 0;
  if (read_flag(b, "attention_bias", false)) flags |= VF_LAYER_QKV_BIAS | VF_LAYER_OUT_BIAS;
  if (read_flag(b, "mlp_bias", false)) flags |= VF_LAYER_FFN_BIAS;
  return flags;
}

static void add_layers(builder *b) {
  uint32_t config_flags = bias_flags(b);
  uint32_t heads = (uint32_t)b->h.n_heads, kv_heads = (uint32_t)b->h.n_kv_heads;
  uint32_t dim = (uint32_t)b->h.head_dim;
  for (uint32_t i = 0; i < b->m->n_layers && b->status == VF_OK; i++) {
    uint32_t flags = layer_flags(b, i, config_flags);
    add_attention(b, (int32_t)i, flags);
    add_feed_forward(b, (int32_t)i, flags);
    b->m->layers[i] = (vf_layer){flags, heads, kv_heads, dim, dim, (uint32_t)b->h.n_ff};
    b->m->caches[i] = (vf_cache_layer){VF_CACHE_FULL, i, kv_heads, dim, dim};
  }
}

static void build_dense(builder *b) {
  uint64_t d = b->h.n_embd, v = b->h.n_vocab;
  b->m->tied = read_flag(b, "tie_word_embeddings", b->arch->tied_by_default);
  add(b, VF_ROLE_TOKEN_EMBD, -1, d, v);
  add_layers(b);
  add(b, VF_ROLE_OUTPUT_NORM, -1, d, 1);
  if (!b->m->tied) add(b, VF_ROLE_OUTPUT, -1, d, v);
  add_rope_tables(b);
}

/* ---- From facts to a model -------------------------------------------------------------- */

static const struct {
  const char *name;
  vf_format format;
} dtypes[] = {
    {"float32", VF_FORMAT_F32},
    {"float16", VF_FORMAT_F16},
    {"bfloat16", VF_FORMAT_BF16},
};

/* Older configs say torch_dtype, newer ones dtype. */
static vf_format own_format(const vf_facts *f) {
  const char *name = vf_facts_string(f, "torch_dtype", vf_facts_string(f, "dtype", ""));
  for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
    if (strcmp(name, dtypes[i].name) == 0) return dtypes[i].format;
  return VF_FORMAT_NONE;
}

static vf_status unknown_arch(const vf_facts *facts, const char *type, vf_error *err) {
  vf_name_search search = vf_name_search_for(type);
  char known[160] = "";
  for (size_t i = 0; i < n_archs; i++) {
    vf_name_search_try(&search, archs[i].model_type);
    size_t n = strlen(known);
    snprintf(known + n, sizeof known - n, "%s%s", i == 0 ? "" : ", ", archs[i].model_type);
  }
  return vf_facts_fail(facts, "model_type", VF_UNSUPPORTED, err,
                       "architecture '%s' is not known, and no other is assumed for it (known: %s)",
                       type, known);
}

static vf_status find_arch(const arch **out, const vf_facts *facts, vf_error *err) {
  const char *type = vf_facts_string(facts, "model_type", NULL);
  if (type == NULL)
    return vf_facts_fail(facts, "model_type", VF_MALFORMED, err,
                         "missing: the architecture's name (is this a model's config?)");
  for (size_t i = 0; i < n_archs; i++) {
    if (strcmp(type, archs[i].model_type) != 0) continue;
    *out = &archs[i];
    return VF_OK;
  }
  return unknown_arch(facts, type, err);
}

static vf_status refuse_experts(const builder *b) {
  if (b->h.n_experts <= 1) return VF_OK;
  return vf_facts_fail(b->facts, "num_experts", VF_UNSUPPORTED, b->err,
                       "a mixture of experts is not what '%s' is known as", b->arch->model_type);
}

static void describe(builder *b) {
  vf_model *m = b->m;
  snprintf(m->arch, sizeof m->arch, "%s", b->arch->gguf);
  m->n_embd = b->h.n_embd;
  m->n_vocab = b->h.n_vocab;
  m->max_ctx_tokens = b->h.max_ctx_tokens;
  m->own_format = own_format(b->facts);
  m->n_layers = (uint32_t)b->h.n_layers;
  m->n_caches = m->n_layers;
}

vf_status vf_arch_build(vf_model **out, const vf_facts *facts, vf_error *err) {
  builder b = {.facts = facts, .err = err};
  vf_status status = find_arch(&b.arch, facts, err);
  if (status == VF_OK) status = vf_hparams_read(&b.h, facts, err);
  if (status == VF_OK) status = refuse_experts(&b);
  if (status != VF_OK) return status;
  uint32_t layers = (uint32_t)b.h.n_layers;
  size_t tensors = (size_t)layers * TENSORS_PER_LAYER + TENSORS_OUTSIDE;
  status = vf_model_new(&b.m, vf_arena_allocator(facts->arena), tensors, layers, layers, err);
  if (status != VF_OK) return status;
  describe(&b);
  build_dense(&b);
  if (b.status == VF_OK) b.status = vf_model_finish(b.m, err);
  if (b.status != VF_OK) {
    vf_model_free(b.m);
    return b.status;
  }
  *out = b.m;
  return VF_OK;
}

const char *vf_arch_name(size_t i) {
  return i < n_archs ? archs[i].model_type : NULL;
}
