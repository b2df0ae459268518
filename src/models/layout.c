/* layout.c - from hyperparameters to the description of every layer. */
#include <string.h>

#include "models/mixers/mixer.h"
#include "models/trtllm.h"

bool vf_builder_flag(vf_builder *b, const char *key, bool fallback) {
  bool flag = fallback;
  const char *other = b->trtllm ? vf_trtllm_flag(key) : NULL;
  if (other != NULL && vf_facts_find(b->facts, other) != NULL) key = other;
  if (b->status == VF_OK) b->status = vf_facts_bool(&flag, b->facts, key, fallback, b->err);
  return flag;
}

/* 1 or 0 (true or false) for layer i of a list; -1 if there is no such list. */
int vf_builder_switch(const vf_builder *b, const char *key, uint32_t i) {
  const vf_fact *f = vf_facts_length(b->facts, key) > 0 ? vf_facts_at(b->facts, key, i) : NULL;
  if (f == NULL) return -1;
  if (f->type == VF_FACT_BOOL) return f->as.boolean;
  return f->type == VF_FACT_INT ? f->as.integer != 0 : -1;
}

/* ---- Which layers ----------------------------------------------------------------------- */

/* Element i of a list of words, "" without one. */
static const char *word_at(const vf_builder *b, const char *key, uint32_t i) {
  const vf_fact *f = vf_facts_length(b->facts, key) > 0 ? vf_facts_at(b->facts, key, i) : NULL;
  return f != NULL && f->type == VF_FACT_STRING ? f->as.string : "";
}

static bool lists(const vf_builder *b, const char *key, uint32_t number) {
  size_t n = vf_facts_length(b->facts, key);
  for (size_t i = 0; i < n; i++) {
    const vf_fact *f = vf_facts_at(b->facts, key, i);
    if (f != NULL && f->type == VF_FACT_INT && f->as.integer == number) return true;
  }
  return false;
}

/* ---- Windows ---------------------------------------------------------------------------- */

static bool has_window_by_rule(vf_builder *b, uint32_t i) {
  uint32_t period = vf_hparam_at(&b->h, VF_HP_WINDOW_PERIOD, i, b->arch->window_period);
  switch (b->arch->windows) {
  case VF_WINDOWS_NONE: break;
  case VF_WINDOWS_ALL: return true;
  case VF_WINDOWS_LAST_FULL: return period > 1 && i % period < period - 1;
  case VF_WINDOWS_FIRST_FULL: return period > 1 && i % period != 0;
  }
  return false;
}

static bool has_window(vf_builder *b, uint32_t i) {
  int listed = vf_builder_switch(b, "attention.sliding_window_pattern", i);
  if (b->gguf) return listed >= 0 ? listed != 0 : has_window_by_rule(b, i);
  if (!vf_builder_flag(b, "use_sliding_window", true)) return false;
  const char *type = word_at(b, "layer_types", i);
  if (type[0] != '\0')
    return strcmp(type, "sliding_attention") == 0 || strcmp(type, "chunked_attention") == 0;
  listed = vf_builder_switch(b, "hybrid_layer_pattern", i);
  return listed >= 0 ? listed != 0 : has_window_by_rule(b, i);
}

/* sliding_window_pattern may be a word, "LLLG": the period is its length then. */
static void lay_window(vf_builder *b, uint32_t i, vf_layer *l) {
  uint32_t window = vf_hparam_at(&b->h, VF_HP_WINDOW, i, 0);
  if (window != 0 && has_window(b, i)) l->window = window;
}

/* ---- Attention -------------------------------------------------------------------------- */

static void lay_heads(vf_builder *b, uint32_t i, vf_layer *l) {
  vf_hparams *h = &b->h;
  l->n_heads = vf_hparam_need(h, VF_HP_N_HEADS, i);
  l->n_kv_heads = vf_hparam_at(h, VF_HP_N_KV_HEADS, i, l->n_heads);
  if (!b->gguf && h->status == VF_OK && (l->n_heads == 0 || l->n_kv_heads == 0))
    vf_hparam_fail(h, l->n_heads == 0 ? VF_HP_N_HEADS : VF_HP_N_KV_HEADS, VF_MALFORMED,
                   "0 is not a head count (1 to 65536)");
  uint32_t dim = l->n_heads != 0 ? (uint32_t)(b->m->n_embd / l->n_heads) : 0;
  l->k_dim = vf_hparam_at(h, VF_HP_HEAD_DIM, i, dim);
  l->v_dim = vf_hparam_at(h, VF_HP_V_DIM, i, b->gguf ? dim : l->k_dim);
  if (l->n_heads == 0 || l->n_kv_heads == 0) return;
  if (l->n_heads % l->n_kv_heads != 0)
    vf_hparam_fail(h, VF_HP_N_KV_HEADS, VF_MALFORMED,
                   "%u query heads cannot share %u key/value heads evenly", l->n_heads,
                   l->n_kv_heads);
  bool stated = vf_hparam_given(h, VF_HP_HEAD_DIM) || vf_hparam_given(h, VF_HP_KV_LORA);
  if (!stated && b->m->n_embd % l->n_heads != 0)
    vf_hparam_fail(h, VF_HP_N_EMBD, VF_MALFORMED,
                   "%llu does not divide into %u heads, and there is no head size",
                   (unsigned long long)b->m->n_embd, l->n_heads);
}

/* Layers with a window may have heads of their own. */
static void lay_window_heads(vf_builder *b, uint32_t i, vf_layer *l) {
  vf_hparams *h = &b->h;
  if (l->window == 0) return;
  l->n_heads = vf_hparam_at(h, VF_HP_N_HEADS_SWA, i, l->n_heads);
  l->n_kv_heads = vf_hparam_at(h, VF_HP_N_KV_HEADS_SWA, i, l->n_kv_heads);
  l->k_dim = vf_hparam_at(h, VF_HP_HEAD_DIM_SWA, i, l->k_dim);
  l->v_dim = vf_hparam_at(h, VF_HP_V_DIM_SWA, i, l->v_dim);
}

static void lay_attention(vf_builder *b, uint32_t i, vf_layer *l) {
  lay_heads(b, i, l);
  lay_window(b, i, l);
  lay_window_heads(b, i, l);
  vf_lay_latent(b, i, l);
  vf_lay_block_index(b, i, l);
}

/* ---- Feed-forward ----------------------------------------------------------------------- */

static bool is_sparse(vf_builder *b, uint32_t i) {
  vf_hparams *h = &b->h;
  int listed = vf_builder_switch(b, "moe_layer_freq", i);
  const char *kind = word_at(b, "mlp_layer_types", i);
  if (listed >= 0) return listed != 0;
  if (kind[0] != '\0') return strcmp(kind, "dense") != 0;
  if (i < vf_hparam_at(h, VF_HP_LEADING_DENSE, i, 0)) return false;
  if (lists(b, "mlp_only_layers", i)) return false;
  if (vf_facts_length(b->facts, "moe_layers") > 0) return lists(b, "moe_layers", i);
  uint32_t step = vf_hparam_at(h, VF_HP_SPARSE_STEP, i, 1);
  if (step == 0) return true;
  uint32_t offset = vf_hparam_at(h, VF_HP_SPARSE_OFFSET, i, step - 1);
  return i % step == offset % step;
}

static void need_width(vf_builder *b, uint32_t i, vf_hparam id) {
  if (vf_hparam_need(&b->h, id, i) == 0)
    vf_hparam_fail(&b->h, id, VF_MALFORMED, "0 is not a feed-forward size");
}

static void lay_experts(vf_builder *b, uint32_t i, vf_layer *l) {
  vf_hparams *h = &b->h;
  bool own_width = (b->arch->traits & VF_TRAIT_EXPERT_IS_FF) == 0;
  l->n_experts = vf_hparam_at(h, VF_HP_N_EXPERTS, i, 0);
  l->n_experts_used = vf_hparam_at(h, VF_HP_N_EXPERTS_USED, i, 0);
  l->n_ff_expert = own_width ? vf_hparam_at(h, VF_HP_N_FF_EXPERT, i, l->n_ff) : l->n_ff;
  l->n_ff_shared = vf_hparam_at(h, VF_HP_N_FF_SHARED, i, 0);
  uint32_t shared = vf_hparam_at(h, VF_HP_N_SHARED, i, 0);
  if (!vf_hparam_given(h, VF_HP_N_FF_SHARED)) l->n_ff_shared = shared * l->n_ff_expert;
  l->expert_embd = vf_hparam_at(h, VF_HP_EXPERT_EMBD, i, 0);
  l->n_ff = 0;
  if (l->n_ff_expert == 0) need_width(b, i, own_width ? VF_HP_N_FF_EXPERT : VF_HP_N_FF);
  if (l->n_experts_used == 0 || l->n_experts_used > l->n_experts)
    vf_hparam_fail(h, VF_HP_N_EXPERTS_USED, VF_MALFORMED,
                   "%u of %u experts cannot be used per token", l->n_experts_used, l->n_experts);
}

/* A class for experts whose config counts none would pass for a small dense model.  Some are dense:
 * then nothing else of their configs speaks of experts. */
static void need_experts(vf_builder *b, uint32_t i) {
  vf_hparams *h = &b->h;
  bool spoken_of = vf_hparam_at(h, VF_HP_N_EXPERTS_USED, i, 0) != 0 ||
                   vf_hparam_at(h, VF_HP_N_FF_EXPERT, i, 0) != 0;
  if (!spoken_of && (b->arch->traits & VF_TRAIT_DENSE_TOO) != 0) return;
  if (vf_hparam_need(h, VF_HP_N_EXPERTS, i) == 0)
    vf_hparam_fail(h, VF_HP_N_EXPERTS, VF_MALFORMED, "0 is not an expert count of '%s'",
                   b->arch->model_type);
}

static void lay_feed_forward(vf_builder *b, uint32_t i, vf_layer *l) {
  vf_hparams *h = &b->h;
  uint32_t experts = vf_hparam_at(h, VF_HP_N_EXPERTS, i, 0);
  if (b->arch->traits & VF_TRAIT_NO_FF) return;
  l->n_ff = vf_hparam_at(h, VF_HP_N_FF, i, 0);
  if (l->n_ff == 0 && (b->arch->traits & VF_TRAIT_FF_4X)) l->n_ff = (uint32_t)b->m->n_embd * 4;
  if (experts == 0 && (b->arch->traits & VF_TRAIT_EXPERTS) != 0) need_experts(b, i);
  if (experts > 1 && (b->arch->traits & VF_TRAIT_EXPERTS) == 0) {
    vf_hparam_fail(h, VF_HP_N_EXPERTS, VF_UNSUPPORTED,
                   "a mixture of experts is not what '%s' is known as", b->arch->model_type);
  } else if (experts > 0 && (b->arch->traits & VF_TRAIT_EXPERTS) && is_sparse(b, i)) {
    lay_experts(b, i, l);
  } else {
    l->n_ff = vf_hparam_at(h, VF_HP_N_FF_DENSE, i, l->n_ff);
    if (l->n_ff == 0) need_width(b, i, VF_HP_N_FF);
  }
}

/* ---- Recurrent parts -------------------------------------------------------------------- */

static void lay_recurrent(vf_builder *b, uint32_t i, vf_layer *l) {
  if (l->mixers & (VF_MIX_MAMBA1 | VF_MIX_MAMBA2 | VF_MIX_DELTA)) vf_lay_state(b, i, l);
  if (l->mixers & VF_MIX_KDA) vf_lay_kda(b, i, l);
  if (l->mixers & VF_MIX_RWKV) vf_lay_rwkv(b, i, l);
  if (l->mixers & VF_MIX_SHORTCONV) l->conv = vf_hparam_need(&b->h, VF_HP_CONV_L, i);
}

/* ---- Mixers ----------------------------------------------------------------------------- */

/* What a word of layer_types stands for; 0: attention of some kind. */
static uint32_t mixer_of_word(const vf_builder *b, const char *word) {
  bool other = strcmp(word, "linear_attention") == 0 || strcmp(word, "mamba") == 0 ||
               strcmp(word, "conv") == 0;
  return other ? b->arch->mixers & VF_MIX_RECURRENT : 0;
}

/* Of architectures with both, which layers are recurrent. */
static bool is_recurrent(vf_builder *b, uint32_t i) {
  vf_hparams *h = &b->h;
  const char *word = word_at(b, "layer_types", i);
  if (word[0] == '\0') word = word_at(b, "layers_block_type", i);
  if (word[0] != '\0') return mixer_of_word(b, word) != 0;
  if (vf_hparam_given(h, VF_HP_FULL_INTERVAL)) {
    uint32_t interval = vf_hparam_at(h, VF_HP_FULL_INTERVAL, i, 4);
    return interval != 0 && (i + 1) % interval != 0;
  }
  if (vf_hparam_given(h, VF_HP_ATTN_PERIOD)) {
    uint32_t period = vf_hparam_at(h, VF_HP_ATTN_PERIOD, i, 8);
    return period != 0 && i % period != vf_hparam_at(h, VF_HP_ATTN_OFFSET, i, 4) % period;
  }
  if (vf_facts_length(b->facts, "linear_attn_config.kda_layers") > 0)
    return lists(b, "linear_attn_config.kda_layers", i + 1);
  if (vf_facts_length(b->facts, "linear_attn_config.full_attn_layers") > 0)
    return !lists(b, "linear_attn_config.full_attn_layers", i + 1);
  if (vf_facts_length(b->facts, "full_attn_idxs") > 0) return !lists(b, "full_attn_idxs", i);
  return b->gguf && vf_hparam_at(h, VF_HP_N_KV_HEADS, i, 1) == 0;
}

static uint32_t mixers_of(vf_builder *b, uint32_t i) {
  if (b->seen != NULL) return vf_seen_mixers(&b->seen[i]);
  uint32_t mixers = b->arch->mixers;
  bool either = (mixers & VF_MIX_ATTENTION) && (mixers & VF_MIX_RECURRENT);
  if (mixers == 0) return VF_MIX_ATTENTION;
  if (!either || (b->arch->flags & VF_LAYER_PARALLEL_MIXERS)) return mixers;
  return mixers & (is_recurrent(b, i) ? VF_MIX_RECURRENT : VF_MIX_ATTENTION);
}

/* ---- Layers ----------------------------------------------------------------------------- */

static uint64_t config_flags(vf_builder *b) {
  uint64_t flags = 0;
  uint32_t traits = b->arch->traits;
  if (b->gguf) return 0;
  if ((traits & (VF_TRAIT_BIAS | VF_TRAIT_QKV_BIAS)) && vf_builder_flag(b, "attention_bias", false))
    flags |= VF_LAYER_QKV_BIAS | (traits & VF_TRAIT_BIAS ? VF_LAYER_OUT_BIAS : 0);
  if ((traits & VF_TRAIT_FF_BIAS) && vf_builder_flag(b, "mlp_bias", false))
    flags |= VF_LAYER_FFN_BIAS;
  if ((traits & VF_TRAIT_QK_NORM_FLAG) &&
      (vf_builder_flag(b, "use_qk_norm", false) || vf_builder_flag(b, "qk_layernorm", false)))
    flags |= VF_LAYER_QK_NORM;
  if (vf_builder_flag(b, "norm_topk_prob", false)) flags |= VF_LAYER_TOPK_NORM;
  return flags;
}

/* Newer layouts: one flag per layer, or every so many layers one without. */
static bool is_without_rope(vf_builder *b, uint32_t i) {
  return vf_builder_switch(b, "no_rope_layers", i) == 0; /* 1: with rope, as transformers has it */
}

/* A file says about its experts what the table cannot know: the same architecture has both. */
static void lay_choice(vf_builder *b, uint32_t i, vf_layer *l) {
  const vf_fact *scale = vf_facts_find(b->facts, "expert_weights_scale");
  l->expert_groups = vf_hparam_at(&b->h, VF_HP_EXPERT_GROUPS, i, 0);
  l->expert_groups_used = vf_hparam_at(&b->h, VF_HP_EXPERT_GROUPS_USED, i, 0);
  if (l->flags & VF_LAYER_PROBS_BIAS) l->flags |= VF_LAYER_SIGMOID;
  if (l->expert_groups != 0 && l->n_experts % l->expert_groups != 0)
    vf_hparam_fail(&b->h, VF_HP_EXPERT_GROUPS, VF_MALFORMED,
                   "%u experts do not divide into %u groups", l->n_experts, l->expert_groups);
  if (!b->gguf) return;
  if (vf_builder_flag(b, "expert_weights_norm", false)) l->flags |= VF_LAYER_TOPK_NORM;
  if (scale == NULL || scale->type != VF_FACT_FLOAT) return;
  l->flags &= ~VF_LAYER_TOPK_SCALE;
  if (scale->as.real != 0.0 && scale->as.real != 1.0) l->flags |= VF_LAYER_TOPK_SCALE;
}

static void lay(vf_builder *b, uint32_t i, uint64_t flags, vf_layer *l) {
  bool mtp = i + b->n_mtp >= b->m->n_layers;
  l->flags = b->arch->flags | flags | (mtp ? VF_LAYER_MTP : 0);
  l->ops = b->arch->ops;
  l->mixers = mtp && b->seen == NULL ? VF_MIX_ATTENTION : mixers_of(b, i);
  bool heads = (b->arch->traits & VF_TRAIT_NO_HEADS) == 0;
  if (heads && (l->mixers & (VF_MIX_ATTENTION | VF_MIX_CROSS | VF_MIX_KDA | VF_MIX_DELTA)))
    lay_attention(b, i, l);
  lay_recurrent(b, i, l);
  if (b->seen != NULL)
    vf_lay_from_tensors(b, i, l);
  else
    lay_feed_forward(b, i, l);
  if (is_without_rope(b, i)) l->flags |= VF_LAYER_NO_ROPE;
  l->embd_per_layer = vf_hparam_at(&b->h, VF_HP_EMBD_PER_LAYER, i, 0);
  if (b->arch->tune != NULL) b->arch->tune(b, i, l);
  if (l->n_experts != 0) lay_choice(b, i, l);
}

void vf_layout(vf_builder *b) {
  uint64_t flags = config_flags(b);
  for (uint32_t i = 0; i < b->m->n_layers && b->status == VF_OK; i++) {
    lay(b, i, flags, &b->m->layers[i]);
    if (b->status == VF_OK) b->status = b->h.status;
  }
}
