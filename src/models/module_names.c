/* module_names.c - roles to the names that configs use in their lists of exceptions.
 *
 * Source: transformers' modeling files; where families differ, the most common name. */
#include "models/module_names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "models/tower.h"

static const char *const names[VF_ROLE_COUNT] = {
    [VF_ROLE_TOKEN_EMBD] = "embed_tokens",
    [VF_ROLE_OUTPUT] = "lm_head",
    [VF_ROLE_ATTN_Q] = "self_attn.q_proj",
    [VF_ROLE_ATTN_K] = "self_attn.k_proj",
    [VF_ROLE_ATTN_V] = "self_attn.v_proj",
    [VF_ROLE_ATTN_QKV] = "self_attn.qkv_proj",
    [VF_ROLE_ATTN_OUTPUT] = "self_attn.o_proj",
    [VF_ROLE_ATTN_GATE] = "self_attn.g_proj",
    [VF_ROLE_ATTN_Q_A] = "self_attn.q_a_proj",
    [VF_ROLE_ATTN_Q_B] = "self_attn.q_b_proj",
    [VF_ROLE_ATTN_KV_A] = "self_attn.kv_a_proj_with_mqa",
    [VF_ROLE_ATTN_KV_B] = "self_attn.kv_b_proj",
    [VF_ROLE_ATTN_K_B] = "self_attn.kv_b_proj",
    [VF_ROLE_ATTN_V_B] = "self_attn.kv_b_proj",
    [VF_ROLE_INDEXER_Q] = "self_attn.indexer.wq_b",
    [VF_ROLE_INDEXER_K] = "self_attn.indexer.wk",
    [VF_ROLE_INDEXER_PROJ] = "self_attn.indexer.weights_proj",
    [VF_ROLE_FFN_GATE] = "mlp.gate_proj",
    [VF_ROLE_FFN_UP] = "mlp.up_proj",
    [VF_ROLE_FFN_DOWN] = "mlp.down_proj",
    [VF_ROLE_FFN_GATE_EXPS] = "mlp.experts.0.gate_proj",
    [VF_ROLE_FFN_UP_EXPS] = "mlp.experts.0.up_proj",
    [VF_ROLE_FFN_DOWN_EXPS] = "mlp.experts.0.down_proj",
    [VF_ROLE_FFN_GATE_UP_EXPS] = "mlp.experts.gate_up_proj",
    [VF_ROLE_FFN_GATE_SHEXP] = "mlp.shared_experts.gate_proj",
    [VF_ROLE_FFN_UP_SHEXP] = "mlp.shared_experts.up_proj",
    [VF_ROLE_FFN_DOWN_SHEXP] = "mlp.shared_experts.down_proj",
    [VF_ROLE_SSM_IN] = "mixer.in_proj",
    [VF_ROLE_SSM_OUT] = "linear_attn.out_proj",
    [VF_ROLE_SSM_BETA_ALPHA] = "linear_attn.in_proj_ba",
    [VF_ROLE_SSM_BETA] = "linear_attn.in_proj_b",
    [VF_ROLE_SSM_ALPHA] = "linear_attn.in_proj_a",
    [VF_ROLE_NEXTN_PROJ] = "eh_proj",
    [VF_ROLE_NEXTN_HEAD] = "shared_head.head",
    [VF_ROLE_NEXTN_EMBD] = "embed_tokens",
};

/* Other families' names. */
static const struct {
  vf_role role;
  const char *name;
} others[] = {
    {VF_ROLE_ATTN_QKV, "linear_attn.in_proj_qkvz"},
    {VF_ROLE_ATTN_QKV, "linear_attn.in_proj_qkv"},
    {VF_ROLE_ATTN_GATE, "linear_attn.in_proj_z"},
    {VF_ROLE_ATTN_Q, "mixer.q_proj"},
    {VF_ROLE_ATTN_K, "mixer.k_proj"},
    {VF_ROLE_ATTN_V, "mixer.v_proj"},
    {VF_ROLE_ATTN_OUTPUT, "mixer.o_proj"},
    {VF_ROLE_FFN_UP, "mixer.up_proj"},
    {VF_ROLE_FFN_DOWN, "mixer.down_proj"},
    {VF_ROLE_FFN_UP_EXPS, "mixer.experts.0.up_proj"},
    {VF_ROLE_FFN_DOWN_EXPS, "mixer.experts.0.down_proj"},
    {VF_ROLE_FFN_GATE_EXPS, "block_sparse_moe.experts.0.w1"},
    {VF_ROLE_FFN_UP_EXPS, "block_sparse_moe.experts.0.w3"},
    {VF_ROLE_FFN_DOWN_EXPS, "block_sparse_moe.experts.0.w2"},
    {VF_ROLE_FFN_GATE_SHEXP, "mlp.shared_expert.gate_proj"},
    {VF_ROLE_FFN_UP_SHEXP, "mlp.shared_expert.up_proj"},
    {VF_ROLE_FFN_DOWN_SHEXP, "mlp.shared_expert.down_proj"},
    {VF_ROLE_FFN_UP_SHEXP, "mixer.shared_experts.up_proj"},
    {VF_ROLE_FFN_DOWN_SHEXP, "mixer.shared_experts.down_proj"},
    {VF_ROLE_SSM_OUT, "mixer.out_proj"},
};

/* Gemma 4 has its experts beside the dense part, not in it. */
static const char *name_beside(vf_role role, int i) {
  return i == 0 ? names[role] + strlen("mlp.") : NULL;
}

static const char *name_of(const vf_model *m, vf_role role, int i) {
  if (vf_role_is_expert(role) && strcmp(m->type, "gemma4_text") == 0) return name_beside(role, i);
  if (i == 0) return names[role] != NULL ? names[role] : vf_roles[role].gguf_name;
  for (size_t k = 0; k < sizeof others / sizeof *others; k++)
    if (others[k].role == role && --i == 0) return others[k].name;
  return NULL;
}

/* Lists name towers from the top or below the wrapper. */
static bool tower_name(char out[VF_MODULE_NAME], const vf_tensor *t, int i) {
  static const char *const wrappers[] = {"", "model.", "thinker."};
  if (i >= 3) return false;
  size_t n = strlen(wrappers[i]);
  memcpy(out, wrappers[i], n);
  vf_tower_module_name(out + n, VF_MODULE_NAME - n, t);
  return true;
}

bool vf_module_name(char out[VF_MODULE_NAME], const vf_model *m, const vf_tensor *t, int i) {
  if (t->tower != 0) return tower_name(out, t, i);
  const char *name = name_of(m, (vf_role)t->role, i);
  if (name == NULL) return false;
  if (t->layer < 0)
    snprintf(out, VF_MODULE_NAME, "%s", name);
  else
    snprintf(out, VF_MODULE_NAME, "layers.%" PRId32 ".%s", t->layer, name);
  return true;
}
