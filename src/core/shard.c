/* shard.c - cutting tensors, by role. */
#include "core/shard.h"

#include "core/format.h"

/* How a role is cut. */
typedef enum cut {
  CUT_NOT,
  CUT_COLUMNS,   /* matrix and bias by outputs */
  CUT_ROWS,      /* the matrix by inputs; its bias is added once and lies everywhere */
  CUT_QUERY,     /* by query heads */
  CUT_KEY_VALUE, /* by heads for keys and values, copied where there are too few */
  CUT_QKV,       /* both in one matrix */
  CUT_VOCABULARY,
  CUT_EXPERTS,
  CUT_EXPERTS_ROWS,
  CUT_TOWER,
} cut;

static const uint8_t cuts[VF_ROLE_COUNT] = {
    [VF_ROLE_TOKEN_EMBD] = CUT_VOCABULARY,
    [VF_ROLE_PER_LAYER_TOKEN_EMBD] = CUT_VOCABULARY,
    [VF_ROLE_OUTPUT] = CUT_VOCABULARY,
    [VF_ROLE_NEXTN_EMBD] = CUT_VOCABULARY,
    [VF_ROLE_NEXTN_HEAD] = CUT_VOCABULARY,
    [VF_ROLE_ATTN_Q] = CUT_QUERY,
    [VF_ROLE_ATTN_K] = CUT_KEY_VALUE,
    [VF_ROLE_ATTN_V] = CUT_KEY_VALUE,
    [VF_ROLE_ATTN_QKV] = CUT_QKV,
    [VF_ROLE_ATTN_OUTPUT] = CUT_ROWS,
    [VF_ROLE_ATTN_SINKS] = CUT_COLUMNS,
    [VF_ROLE_ATTN_GATE] = CUT_COLUMNS,
    [VF_ROLE_ATTN_Q_B] = CUT_COLUMNS,
    [VF_ROLE_ATTN_KV_B] = CUT_COLUMNS,
    [VF_ROLE_ATTN_K_B] = CUT_COLUMNS,
    [VF_ROLE_ATTN_V_B] = CUT_COLUMNS,
    [VF_ROLE_ATTN_O_A] = CUT_COLUMNS,
    [VF_ROLE_ATTN_O_B] = CUT_ROWS,
    [VF_ROLE_CROSS_ATTN_Q] = CUT_QUERY,
    [VF_ROLE_CROSS_ATTN_K] = CUT_KEY_VALUE,
    [VF_ROLE_CROSS_ATTN_V] = CUT_KEY_VALUE,
    [VF_ROLE_CROSS_ATTN_OUTPUT] = CUT_ROWS,
    [VF_ROLE_FFN_GATE] = CUT_COLUMNS,
    [VF_ROLE_FFN_UP] = CUT_COLUMNS,
    [VF_ROLE_FFN_DOWN] = CUT_ROWS,
    [VF_ROLE_FFN_GATE_SHEXP] = CUT_COLUMNS,
    [VF_ROLE_FFN_UP_SHEXP] = CUT_COLUMNS,
    [VF_ROLE_FFN_DOWN_SHEXP] = CUT_ROWS,
    [VF_ROLE_FFN_GATE_EXPS] = CUT_EXPERTS,
    [VF_ROLE_FFN_UP_EXPS] = CUT_EXPERTS,
    [VF_ROLE_FFN_GATE_UP_EXPS] = CUT_EXPERTS,
    [VF_ROLE_FFN_DOWN_EXPS] = CUT_EXPERTS_ROWS,
    [VF_ROLE_SSM_IN] = CUT_COLUMNS,
    [VF_ROLE_SSM_CONV] = CUT_COLUMNS,
    [VF_ROLE_SSM_X] = CUT_ROWS,
    [VF_ROLE_SSM_DT] = CUT_COLUMNS,
    [VF_ROLE_SSM_A] = CUT_COLUMNS,
    [VF_ROLE_SSM_D] = CUT_COLUMNS,
    [VF_ROLE_SSM_OUT] = CUT_ROWS,
    [VF_ROLE_SSM_BETA_ALPHA] = CUT_COLUMNS,
    [VF_ROLE_SSM_BETA] = CUT_COLUMNS,
    [VF_ROLE_SSM_ALPHA] = CUT_COLUMNS,
    [VF_ROLE_SSM_CONV_Q] = CUT_COLUMNS,
    [VF_ROLE_SSM_CONV_K] = CUT_COLUMNS,
    [VF_ROLE_SSM_CONV_V] = CUT_COLUMNS,
    [VF_ROLE_SSM_F_B] = CUT_COLUMNS,
    [VF_ROLE_SSM_G_B] = CUT_COLUMNS,
    [VF_ROLE_SHORTCONV_CONV] = CUT_COLUMNS,
    [VF_ROLE_SHORTCONV_IN] = CUT_COLUMNS,
    [VF_ROLE_SHORTCONV_OUT] = CUT_ROWS,
    [VF_ROLE_TOWER_MATRIX] = CUT_TOWER,
};

/* ---- Stages ----------------------------------------------------------------------------- */

/* Layers of the network; those that predict further tokens stand behind them. */
static uint32_t network_layers(const vf_model *m) {
  uint32_t n = m->n_layers;
  while (n > 1 && (m->layers[n - 1].flags & VF_LAYER_MTP) != 0) n--;
  return n;
}

static uint32_t stage_layers(vf_stage_rule rule, uint32_t layers, uint32_t stages, uint32_t stage) {
  uint32_t rest = layers % stages, base = layers / stages;
  if (rule == VF_STAGE_FIRST) return base + (stage < rest);
  return base + (stage + 1 < stages && stage + 1 + rest >= stages);
}

void vf_shard_stage(vf_shard *s, const vf_model *m, vf_stage_rule rule, uint32_t stages,
                    uint32_t stage) {
  uint32_t layers = network_layers(m);
  s->first_layer = 0;
  for (uint32_t i = 0; i < stage; i++) s->first_layer += stage_layers(rule, layers, stages, i);
  s->end_layer = s->first_layer + stage_layers(rule, layers, stages, stage);
  s->first = stage == 0;
  s->last = stage + 1 == stages;
}

/* A tied embedding is the output, too: the last stage holds a copy. */
static bool is_here(const vf_shard *s, const vf_model *m, const vf_tensor *t) {
  if (vf_model_is_mtp(m, t)) return s->mtp && s->last;
  switch ((vf_home)vf_roles[t->role].home) {
  case VF_HOME_INPUT: return s->first || (s->last && m->tied && t->role == VF_ROLE_TOKEN_EMBD);
  case VF_HOME_FIRST: return s->first;
  case VF_HOME_TOWER: return s->first && !s->no_towers;
  case VF_HOME_OUTPUT: return s->last;
  case VF_HOME_ROPE: return false; /* tables that engines compute */
  case VF_HOME_LAYER: break;
  }
  if (t->layer < 0) return s->first;
  return (uint32_t)t->layer >= s->first_layer && (uint32_t)t->layer < s->end_layer;
}

/* The layer that a tensor belongs to; NULL: none that is described. */
static const vf_layer *layer_of(const vf_model *m, const vf_tensor *t) {
  return t->layer >= 0 && (uint32_t)t->layer < m->n_layers ? &m->layers[t->layer] : NULL;
}

/* ---- Tensors ---------------------------------------------------------------------------- */

static bool is_plain(const vf_tensor *t) {
  return t->format == VF_FORMAT_F32 || t->format == VF_FORMAT_F16 || t->format == VF_FORMAT_BF16;
}

uint64_t vf_shard_values(const vf_tensor *t) {
  switch ((int)t->format) {
  case VF_FORMAT_F8_E4M3:
  case VF_FORMAT_INT8: return vf_tensor_elements(t);
  case VF_FORMAT_INT4: return vf_tensor_elements(t) / 2;
  default: return 0;
  }
}

/* What GPTQ stores beside values is, for every group and output, a scale of 16 bits and a zero
 * point of as many as a value, and four bytes for each input. */
static uint64_t without_zeros(const vf_tensor *t) {
  uint64_t values = vf_shard_values(t), order = 4 * t->ne[0] * t->ne[2];
  uint64_t bits = t->format == VF_FORMAT_INT4 ? 4 : 8;
  if (values == 0 || t->bytes < values + order) return t->bytes;
  return values + (t->bytes - values - order) * 16 / (16 + bits);
}

static uint64_t whole(const vf_shard *s, const vf_tensor *t) {
  uint64_t each = s->no_zeros ? without_zeros(t) : t->bytes;
  if (s->number_bytes != 0 && is_plain(t)) each = vf_tensor_elements(t) * s->number_bytes;
  return each * t->count;
}

static uint64_t up(uint64_t n, uint64_t multiple) {
  return multiple == 0 ? n : (n + multiple - 1) / multiple * multiple;
}

static uint64_t cut_vocabulary(const vf_shard *s, const vf_tensor *t, uint64_t bytes) {
  uint64_t rows = vf_tensor_rows(t);
  if (t->suffix == VF_SUFFIX_BIAS) rows = t->ne[0];
  return vf_shard_part(bytes, up(rows, s->vocab_multiple) / s->tp, rows);
}

/* Queries are `q` of `q + 2 kv` parts of a fused matrix; without attention all is cut alike. */
static uint64_t cut_attention(const vf_shard *s, const vf_model *m, const vf_tensor *t,
                              uint64_t bytes, cut how) {
  const vf_layer *l = layer_of(m, t);
  bool heads = l != NULL && (l->mixers & (VF_MIX_ATTENTION | VF_MIX_CROSS)) != 0;
  if (!heads || l->kv_lora != 0 || how == CUT_QUERY || l->n_kv_heads == 0)
    return vf_shard_part(bytes, 1, s->tp);
  uint64_t kv = vf_shard_kv_heads(l->n_kv_heads, s->tp);
  if (how == CUT_KEY_VALUE) return vf_shard_part(bytes, kv, l->n_kv_heads);
  uint64_t q_dims = (uint64_t)l->n_heads * l->k_dim, dims = (uint64_t)l->k_dim + l->v_dim;
  return vf_shard_part(bytes, q_dims / s->tp + kv * dims, q_dims + l->n_kv_heads * dims);
}

/* Both sides of an expert are padded after it is cut: MXFP4 kernels want whole tiles. */
static uint64_t pad_expert(const vf_shard *s, const vf_tensor *t, uint64_t bytes, cut how) {
  if (s->pad_width == 0) return vf_shard_part(bytes, 1, s->expert_tp);
  uint64_t width = how == CUT_EXPERTS ? t->ne[0] : t->ne[1];
  uint64_t inner = how == CUT_EXPERTS ? t->ne[1] : t->ne[0];
  if (t->suffix == VF_SUFFIX_BIAS) { /* a vector: one side alone */
    width = 1;
    inner = t->ne[0];
  }
  uint64_t local = up((inner + s->expert_tp - 1) / s->expert_tp, s->pad_inner);
  uint64_t wide = t->suffix == VF_SUFFIX_BIAS ? 1 : up(width, s->pad_width);
  return vf_shard_part(vf_shard_part(bytes, local, inner), wide, width);
}

static uint64_t cut_experts(const vf_shard *s, const vf_model *m, const vf_tensor *t,
                            uint64_t bytes, cut how) {
  const vf_layer *l = layer_of(m, t);
  uint64_t n = l != NULL ? l->n_experts : 0;
  if (s->expert_ranks > 1 && n != 0)
    bytes = vf_shard_part(bytes, (n + s->expert_ranks - 1) / s->expert_ranks, n);
  if (how == CUT_EXPERTS_ROWS && t->suffix == VF_SUFFIX_BIAS) return bytes;
  return pad_expert(s, t, bytes, how);
}

uint64_t vf_shard_tensor(const vf_shard *s, const vf_model *m, const vf_tensor *t) {
  if (!is_here(s, m, t)) return 0;
  uint64_t bytes = whole(s, t);
  cut how = (cut)cuts[t->role];
  bool table = t->role == VF_ROLE_TOKEN_EMBD || t->role == VF_ROLE_PER_LAYER_TOKEN_EMBD;
  if (table && s->embeddings_whole) return bytes;
  switch (how) {
  case CUT_NOT: break;
  case CUT_COLUMNS: return vf_shard_part(bytes, 1, s->tp);
  case CUT_ROWS: return t->suffix == VF_SUFFIX_BIAS ? bytes : vf_shard_part(bytes, 1, s->tp);
  case CUT_QUERY:
  case CUT_KEY_VALUE:
  case CUT_QKV: return cut_attention(s, m, t, bytes, how);
  case CUT_VOCABULARY: return cut_vocabulary(s, t, bytes);
  case CUT_EXPERTS:
  case CUT_EXPERTS_ROWS: return cut_experts(s, m, t, bytes, how);
  case CUT_TOWER: return s->towers_whole ? bytes : vf_shard_part(bytes, 1, s->tp);
  }
  return bytes;
}

uint64_t vf_shard_weights(const vf_shard *s, const vf_model *m) {
  uint64_t sum = 0;
  for (size_t i = 0; i < m->n_tensors; i++) sum += vf_shard_tensor(s, m, &m->tensors[i]);
  return sum;
}
