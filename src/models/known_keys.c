/* known_keys.c - what may stand in a header and changes nothing about memory.
 *
 * Source: llama.cpp v0.5.0, src/llama-arch.cpp (LLM_KV_NAMES). */
#include "models/known_keys.h"

#include <stddef.h>
#include <string.h>

/* Keys, and beginnings of keys that end in a dot. */
static const char *const harmless[] = {
    "rope.",
    "attention.layer_norm_epsilon",
    "attention.layer_norm_rms_epsilon",
    "attention.group_norm_epsilon",
    "attention.group_norm_groups",
    "attention.scale",
    "attention.output_scale",
    "attention.value_scale",
    "attention.causal",
    "attention.clamp_kqv",
    "attention.max_alibi_bias",
    "attention.relative_buckets_count",
    "attention.sliding_window_pattern",
    "attention.temperature_scale",
    "attention.temperature_length",
    "attention.indexer.top_k",
    "attention.indexer.types",
    "pooling_type",
    "logit_scale",
    "embedding_scale",
    "residual_scale",
    "attn_logit_softcapping",
    "router_logit_softcapping",
    "final_logit_softcapping",
    "expert_weights_scale",
    "expert_weights_norm",
    "expert_gating_func",
    "expert_group_count",
    "expert_group_used_count",
    "expert_group_scale",
    "experts_per_group",
    "activation_sparsity_scale",
    "altup.",
    "swiglu_clamp_exp",
    "swiglu_clamp_shexp",
    "moe_every_n_layers",
    "use_parallel_residual",
    "use_bias",
    "swin_norm",
    "tensor_data_layout",
    "decoder_start_token_id",
    "token_shift_count",
    "attention.compress_rope_freq_base",
    "attention.output_group_count",
    "attention.output_lora_rank",
    "hash_layer_count",
    "hyper_connection.epsilon",
    "hyper_connection.sinkhorn_iterations",
    "rescale_every_n_layers",
    "ssm.dt_b_c_rms",
    "classifier.",
    "wkv.head_size",
};

static const char *const read_here[] = {
#define X(id, what, least, most, gguf, ...) gguf,
#include "models/hparams.def"
#undef X
};

static bool is_listed(const char *key, const char *listed) {
  size_t n = strlen(listed);
  if (listed[n - 1] == '.') return strncmp(key, listed, n) == 0;
  return strcmp(key, listed) == 0;
}

bool vf_key_is_known(const char *key) {
  for (size_t i = 0; i < sizeof read_here / sizeof *read_here; i++)
    if (read_here[i] != NULL && strcmp(key, read_here[i]) == 0) return true;
  for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
    if (is_listed(key, harmless[i])) return true;
  return false;
}
