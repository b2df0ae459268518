/* arch_table.c - the architectures that vramfit knows: a row each, and what is peculiar about some.
 *
 * A model_type that has no row is unknown, and is said to be.  Several model_types may share a
 * row's GGUF name; the first one with it stands for GGUF files. */
#include <stdio.h>
#include <string.h>

#include "models/mixers/mixer.h"

/* ---- Peculiarities ---------------------------------------------------------------------- */

/* Qwen 1 counts the gate and the up matrix in one number. */
static void tune_qwen1(vf_builder *b, uint32_t i, vf_layer *l) {
  (void)i;
  if (!b->gguf) l->n_ff /= 2;
}

/* Every fourth layer has no rotary embedding, unless the config lists them. */
static void tune_smollm3(vf_builder *b, uint32_t i, vf_layer *l) {
  bool listed = vf_facts_length(b->facts, "no_rope_layers") > 0;
  uint32_t step = vf_hparam_at(&b->h, VF_HP_NO_ROPE_STEP, i, 4);
  if (!listed && step != 0 && (i + 1) % step == 0) l->flags |= VF_LAYER_NO_ROPE;
}

/* One key/value head for all, where the config says so. */
static void tune_multi_query(vf_builder *b, uint32_t i, vf_layer *l) {
  (void)i;
  if (!b->gguf && !vf_hparam_given(&b->h, VF_HP_N_KV_HEADS) &&
      vf_builder_flag(b, "multi_query", true))
    l->n_kv_heads = 1;
}

/* The 7B reads one norm in parallel, later sizes have two; only these keep key heads apart. */
static void tune_falcon(vf_builder *b, uint32_t i, vf_layer *l) {
  if (b->gguf) return;
  if (vf_builder_flag(b, "new_decoder_architecture", false)) {
    l->flags |= VF_LAYER_TWO_NORMS;
    return;
  }
  if (vf_builder_flag(b, "parallel_attn", true)) l->flags |= VF_LAYER_ONE_NORM;
  if (vf_builder_flag(b, "multi_query", true)) l->n_kv_heads = 1;
  if (vf_builder_flag(b, "bias", false))
    l->flags |= VF_LAYER_QKV_BIAS | VF_LAYER_OUT_BIAS | VF_LAYER_FFN_BIAS;
  (void)i;
}

static void tune_stablelm(vf_builder *b, uint32_t i, vf_layer *l) {
  (void)i;
  l->ops |= VF_OPS_ATTN_SUMMED;
  if (b->gguf && (l->flags & VF_LAYER_ONE_NORM) != 0) l->flags |= VF_LAYER_PARALLEL;
  if (b->gguf) return;
  if (vf_builder_flag(b, "use_qkv_bias", false)) l->flags |= VF_LAYER_QKV_BIAS;
  if (vf_builder_flag(b, "use_parallel_residual", false))
    l->flags |= VF_LAYER_PARALLEL | VF_LAYER_ONE_NORM;
  if (vf_builder_flag(b, "qk_layernorm", false)) l->flags |= VF_LAYER_QK_NORM_ALL_HEADS;
}

static void tune_chatglm(vf_builder *b, uint32_t i, vf_layer *l) {
  (void)i;
  if (!b->gguf && vf_builder_flag(b, "add_qkv_bias", true)) l->flags |= VF_LAYER_QKV_BIAS;
}

static void tune_cohere(vf_builder *b, uint32_t i, vf_layer *l) {
  (void)i;
  if (!b->gguf && vf_builder_flag(b, "use_qk_norm", false)) l->flags |= VF_LAYER_QK_NORM_ALL_HEADS;
}

/* Cohere 2 and EXAONE 4 rotate in layers with a window alone. */
static void tune_rope_in_windows(vf_builder *b, uint32_t i, vf_layer *l) {
  (void)i;
  (void)b;
  if (l->window == 0) l->flags |= VF_LAYER_NO_ROPE;
}

static void tune_exaone4(vf_builder *b, uint32_t i, vf_layer *l) {
  if (vf_hparam_at(&b->h, VF_HP_WINDOW, i, 0) != 0) tune_rope_in_windows(b, i, l);
}

static void tune_internlm(vf_builder *b, uint32_t i, vf_layer *l) {
  (void)i;
  if (b->gguf) return;
  if (vf_builder_flag(b, "bias", strcmp(b->arch->model_type, "internlm") == 0))
    l->flags |= VF_LAYER_QKV_BIAS | VF_LAYER_OUT_BIAS;
  if (vf_builder_flag(b, "qkv_bias", false)) l->flags |= VF_LAYER_QKV_BIAS;
}

/* flash-linear-attention's plain transformer: without a size, two thirds of four times the hidden
 * one, rounded up. */
static void tune_fla(vf_builder *b, uint32_t i, vf_layer *l) {
  uint32_t wide = (uint32_t)(b->m->n_embd * 4 * 2 / 3);
  l->n_ff = vf_hparam_at(&b->h, VF_HP_N_FF, i, (wide + 255) / 256 * 256);
}

static void tune_seed_oss(vf_builder *b, uint32_t i, vf_layer *l) {
  (void)i;
  if (!b->gguf && vf_builder_flag(b, "attention_out_bias", false)) l->flags |= VF_LAYER_OUT_BIAS;
}

/* RMS norm of Q and K without weights, chunks in every layer with rope, one shared expert. */
static void tune_llama4(vf_builder *b, uint32_t i, vf_layer *l) {
  enum { CHUNK = 8192, PERIOD = 4, MAVERICK_EXPERTS = 128 };
  uint32_t chunk = vf_hparam_at(&b->h, VF_HP_WINDOW, i, CHUNK);
  bool full = (i + 1) % PERIOD == 0;
  if (vf_facts_length(b->facts, "no_rope_layers") > 0) full = (l->flags & VF_LAYER_NO_ROPE) != 0;
  l->window = full ? 0 : chunk;
  l->flags |= full ? VF_LAYER_NO_ROPE : VF_LAYER_CHUNKED;
  if (l->n_experts != 0 && l->n_ff_shared == 0) l->n_ff_shared = l->n_ff_expert;
  l->flags |= VF_LAYER_SIGMOID | VF_LAYER_WEIGHT_BEFORE;
  if (full) l->flags |= VF_LAYER_Q_TEMP;
  if (!full && l->n_experts != MAVERICK_EXPERTS) l->flags |= VF_LAYER_QK_L2;
}

/* Layers of the second half reuse the caches of the first, and have low-rank inputs by token. */
static void tune_gemma3n(vf_builder *b, uint32_t i, vf_layer *l) {
  enum { SPARSE_LAYERS = 10 };
  uint32_t shared = vf_hparam_at(&b->h, VF_HP_KV_SHARED, i, 15);
  l->altup = vf_hparam_at(&b->h, VF_HP_ALTUP, i, 4);
  l->laurel = vf_hparam_at(&b->h, VF_HP_LAUREL, i, 64);
  l->embd_per_layer = vf_hparam_at(&b->h, VF_HP_EMBD_PER_LAYER, i, 256);
  if (i + shared >= b->m->n_layers) l->flags |= VF_LAYER_KV_UNCACHED;
  if (i < SPARSE_LAYERS) l->flags |= VF_LAYER_SPARSE_GATE;
}

/* Layers without a window have larger heads, and take their keys for values in the big ones.  The
 * last ones read the caches of others; the files have their keys and values nevertheless. */
static void tune_gemma4(vf_builder *b, uint32_t i, vf_layer *l) {
  vf_hparams *h = &b->h;
  uint32_t shared = vf_hparam_at(h, VF_HP_KV_SHARED, i, 0);
  if (l->window == 0 && !b->gguf) {
    l->k_dim = l->v_dim = vf_hparam_at(h, VF_HP_HEAD_DIM_GLOBAL, i, l->k_dim);
    if (vf_builder_flag(b, "attention_k_eq_v", false)) {
      l->flags |= VF_LAYER_K_IS_V;
      l->n_kv_heads = vf_hparam_at(h, VF_HP_N_KV_HEADS_GLOBAL, i, l->n_kv_heads);
    }
  }
  if (l->n_experts != 0) l->n_ff = vf_hparam_at(h, VF_HP_N_FF, i, 0);
  if (shared == 0 || i + shared < b->m->n_layers) return;
  l->flags |= VF_LAYER_KV_UNCACHED;
  if (!b->gguf && vf_builder_flag(b, "use_double_wide_mlp", false)) l->n_ff *= 2;
}

/* Full attention in one layer of four, delta net in the others; a quarter of a head is rotated
 * where the config does not say (Qwen3NextConfig). */
static void tune_qwen_next(vf_builder *b, uint32_t i, vf_layer *l) {
  (void)i;
  if (b->m->rotated_permille == 0) b->m->rotated_permille = 250;
  if ((l->mixers & VF_MIX_ATTENTION) == 0) l->flags &= ~(VF_LAYER_Q_GATED | VF_LAYER_QK_NORM);
}

/* The chosen experts come out of a sigmoid with a correction per expert. */
static void tune_deepseek(vf_builder *b, uint32_t i, vf_layer *l) {
  (void)i;
  if (b->gguf || l->n_experts == 0) return;
  const char *method = vf_facts_string(b->facts, "topk_method", "noaux_tc");
  bool v2 = strcmp(b->arch->model_type, "deepseek_v2") == 0;
  if (!v2 && strcmp(method, "noaux_tc") == 0) l->flags |= VF_LAYER_PROBS_BIAS;
}

/* Files say it by numbers; without them, GLM 5.2, which is told by its context, has an indexer in
 * the first two layers and in every fourth (src/models/glm-dsa.cpp). */
static bool shares_indexer(vf_builder *b, uint32_t i) {
  enum { CTX_GLM_5_2 = 1048576, LEADING = 2, PERIOD = 4 };
  const vf_fact *f = vf_facts_length(b->facts, "attention.indexer.types") > 0
                         ? vf_facts_at(b->facts, "attention.indexer.types", i)
                         : NULL;
  if (f != NULL) return f->type == VF_FACT_BOOL ? !f->as.boolean : f->as.integer == 0;
  if (strcmp(b->arch->gguf, "glm-dsa") != 0 || b->m->max_ctx_tokens < CTX_GLM_5_2) return false;
  return i >= LEADING && i % PERIOD != LEADING;
}

/* A sparse indexer of its own in the layers that are not called "shared". */
static void tune_sparse_latent(vf_builder *b, uint32_t i, vf_layer *l) {
  tune_deepseek(b, i, l);
  if (b->gguf && shares_indexer(b, i)) l->index_heads = l->index_dim = 0;
  const vf_fact *f = vf_facts_length(b->facts, "indexer_types") > 0
                         ? vf_facts_at(b->facts, "indexer_types", i)
                         : NULL;
  if (f == NULL || f->type != VF_FACT_STRING || strcmp(f->as.string, "shared") != 0) return;
  l->index_heads = l->index_dim = 0;
}

static void tune_mimo2(vf_builder *b, uint32_t i, vf_layer *l) {
  tune_deepseek(b, i, l);
  const char *key = l->window != 0 ? "add_swa_attention_sink_bias" : "add_full_attention_sink_bias";
  if (!b->gguf && vf_builder_flag(b, key, l->window != 0)) l->flags |= VF_LAYER_SINKS;
}

/* Attention where the list says so; experts and dense parts in their own period. */
static void tune_jamba(vf_builder *b, uint32_t i, vf_layer *l) {
  (void)b;
  (void)i;
  if (l->mixers & VF_MIX_RECURRENT) l->flags |= VF_LAYER_SSM_NORMS;
}

/* intermediate_size is the inner size of the mixer, where it is given. */
static void tune_mamba(vf_builder *b, uint32_t i, vf_layer *l) {
  if (!b->gguf && (l->mixers & VF_MIX_MAMBA1))
    l->inner = vf_hparam_at(&b->h, VF_HP_N_FF, i, l->inner);
  if (!b->gguf && vf_builder_flag(b, "use_bias", false)) l->flags |= VF_LAYER_SSM_BIAS;
}

static void tune_falcon_h1(vf_builder *b, uint32_t i, vf_layer *l) {
  (void)i;
  if (b->gguf) return;
  if (vf_builder_flag(b, "mamba_rms_norm", false)) l->flags |= VF_LAYER_SSM_NORM;
}

/* Without experts the shared one is the feed-forward.  A file says by the rotation's fine-tuning
 * whether there is any. */
static void tune_granite_hybrid(vf_builder *b, uint32_t i, vf_layer *l) {
  if (b->gguf && vf_builder_flag(b, "rope.scaling.finetuned", true)) l->flags &= ~VF_LAYER_NO_ROPE;
  if (b->gguf || l->n_experts != 0) return;
  l->n_ff = vf_hparam_at(&b->h, VF_HP_N_FF_SHARED, i, l->n_ff);
}

/* Keys and values of the encoder's tokens are made for every batch, and not kept. */
static void tune_t5(vf_builder *b, uint32_t i, vf_layer *l) {
  (void)b, (void)i;
  l->mixers &= ~(uint32_t)VF_MIX_CROSS;
}

static void tune_hyper_streams(vf_builder *b, uint32_t i, vf_layer *l) {
  l->streams = vf_hparam_at(&b->h, VF_HP_HYPER_STREAMS, i, 0);
}

/* Latent attention is narrower where it has a window, and reads all of that. */
static void tune_dots3note(vf_builder *b, uint32_t i, vf_layer *l) {
  vf_hparams *h = &b->h;
  if (l->window == 0) return;
  l->index_heads = l->index_dim = l->index_kept = 0;
  l->kv_lora = vf_hparam_at(h, VF_HP_KV_LORA_WINDOW, i, l->kv_lora);
  l->k_dim = vf_hparam_at(h, VF_HP_K_DIM_MLA_WINDOW, i, l->k_dim);
  l->v_dim = vf_hparam_at(h, VF_HP_V_DIM_MLA_WINDOW, i, l->v_dim);
}

/* Keys are values, too; beside a window, a layer may read keys of several tokens each, and the
 * finer of them by an index.  In the first layers a table chooses the experts. */
static void tune_deepseek4(vf_builder *b, uint32_t i, vf_layer *l) {
  vf_hparams *h = &b->h;
  l->streams = b->gguf ? vf_hparam_at(h, VF_HP_HYPER_STREAMS, i, 0)
                       : vf_hparam_need(h, VF_HP_HYPER_STREAMS, i);
  vf_lay_compressed(b, i, l);
  if (i < vf_hparam_at(h, VF_HP_TABLE_LAYERS, i, 0))
    l->ops |= VF_OPS_ROUTER_TABLE;
  else if (!b->gguf)
    l->flags |= VF_LAYER_PROBS_BIAS;
}

/* A layer is one thing: "M" state space, "*" attention, "-" feed-forward, "E" experts. */
static void tune_nemotron_h(vf_builder *b, uint32_t i, vf_layer *l) {
  static const char *const words[][2] = {
      {"mamba", "M"}, {"attention", "*"}, {"mlp", "-"}, {"moe", "E"}};
  if (b->gguf || (l->flags & VF_LAYER_MTP)) return;
  const char *pattern = vf_facts_string(b->facts, "hybrid_override_pattern", "");
  char kind = i < strlen(pattern) ? pattern[i] : '\0';
  const vf_fact *f = vf_facts_at(b->facts, "layers_block_type", i);
  for (size_t w = 0; kind == '\0' && f != NULL && f->type == VF_FACT_STRING && w < 4; w++)
    if (strcmp(f->as.string, words[w][0]) == 0) kind = words[w][1][0];
  vf_layer all = *l;
  if (kind == 'E' && l->n_experts == 0) vf_hparam_need(&b->h, VF_HP_N_EXPERTS, i);
  l->mixers = kind == 'M' ? VF_MIX_MAMBA2 : kind == '*' ? VF_MIX_ATTENTION : 0;
  if (kind != '-') l->n_ff = 0;
  if (kind != 'E') l->n_experts = l->n_experts_used = l->n_ff_shared = l->expert_embd = 0;
  if (kind == '-') l->n_ff = vf_hparam_at(&b->h, VF_HP_N_FF, i, all.n_ff);
  if (kind != '*') l->n_heads = l->n_kv_heads = 0;
  if (kind != 'M') l->conv = l->inner = l->state = l->rank = l->groups = 0;
  if (kind == '\0' || strchr("M*-E", kind) == NULL)
    vf_hparam_fail(&b->h, VF_HP_N_LAYERS, VF_MALFORMED,
                   "hybrid_override_pattern says nothing about layer %u", i);
}

/* What a config does not say of a block would pass for one without parts. */
static bool says_block(vf_builder *b, uint32_t i) {
  char key[64];
  snprintf(key, sizeof key, "block_configs.%u.", i);
  if (vf_facts_any(b->facts, key)) return true;
  b->status = vf_facts_fail(b->facts, "block_configs", VF_MALFORMED, b->err,
                            "says nothing about layer %u", i);
  return false;
}

/* Puzzle models: each block says how many heads share a key head, and how wide it is. */
static void tune_nemotron_nas(vf_builder *b, uint32_t i, vf_layer *l) {
  char key[64];
  bool no_op = false, linear = false;
  uint64_t group = 0;
  if (b->gguf) return;
  if (b->status == VF_OK && !says_block(b, i)) return;
  snprintf(key, sizeof key, "block_configs.%u.attention.no_op", i);
  no_op = vf_builder_flag(b, key, false);
  snprintf(key, sizeof key, "block_configs.%u.attention.replace_with_linear", i);
  linear = vf_builder_flag(b, key, false);
  snprintf(key, sizeof key, "block_configs.%u.attention.n_heads_in_group", i);
  const vf_fact *f = vf_facts_find(b->facts, key);
  if (f != NULL && f->type == VF_FACT_INT && f->as.integer > 0) group = (uint64_t)f->as.integer;
  if (no_op || linear || group == 0) l->mixers = 0;
  l->n_kv_heads = group != 0 ? l->n_heads / (uint32_t)group : 0;
  snprintf(key, sizeof key, "block_configs.%u.ffn.no_op", i);
  no_op = vf_builder_flag(b, key, false);
  snprintf(key, sizeof key, "block_configs.%u.ffn.ffn_mult", i);
  f = vf_facts_find(b->facts, key);
  double mult = f == NULL ? 0 : f->type == VF_FACT_INT ? (double)f->as.integer : f->as.real;
  if (f != NULL && f->type != VF_FACT_INT && f->type != VF_FACT_FLOAT) mult = 0;
  if (!(mult > 0.0 && mult < 64.0)) mult = 0;
  uint32_t wide = (uint32_t)(2.0 * mult * (double)b->m->n_embd / 3.0);
  l->n_ff = no_op ? 0 : (wide + 255) / 256 * 256;
}

/* The width is cut to two thirds and rounded up, unless the config says not to. */
static void tune_lfm2(vf_builder *b, uint32_t i, vf_layer *l) {
  (void)i;
  if (b->gguf) return;
  if (l->n_experts != 0 && vf_builder_flag(b, "use_expert_bias", true))
    l->flags |= VF_LAYER_PROBS_BIAS;
  if (l->mixers & VF_MIX_RECURRENT) l->flags &= ~VF_LAYER_QK_NORM;
  if (l->n_ff == 0 || !vf_builder_flag(b, "block_auto_adjust_ff_dim", false)) return;
  uint32_t multiple = vf_hparam_at(&b->h, VF_HP_FF_MULTIPLE, i, 256);
  l->n_ff = multiple == 0 ? 0 : (l->n_ff * 2 / 3 + multiple - 1) / multiple * multiple;
}

static void tune_hunyuan_moe(vf_builder *b, uint32_t i, vf_layer *l) {
  if (b->gguf || l->n_experts == 0) return;
  uint32_t shared = vf_hparam_at(&b->h, VF_HP_N_SHARED, i, 1);
  l->n_ff_shared = shared * vf_hparam_at(&b->h, VF_HP_N_FF, i, 0);
}

/* The first half is the encoder; the second reads its states, too. */
static void tune_encoder_decoder(vf_builder *b, uint32_t i, vf_layer *l) {
  uint32_t encoder = vf_hparam_at(&b->h, VF_HP_ENC_LAYERS, i, b->m->n_layers / 2);
  const char *proj = vf_facts_string(b->facts, "feed_forward_proj", "relu");
  bool t5 = (b->arch->flags & VF_LAYER_FFN_PLAIN) == 0;
  if (i < encoder)
    l->flags |= VF_LAYER_ENCODER;
  else
    l->mixers |= VF_MIX_CROSS;
  if (t5 && strncmp(proj, "gated", 5) != 0) l->flags |= VF_LAYER_FFN_PLAIN;
}

/* Some layers attend to the image instead of the text. */
static void tune_mllama(vf_builder *b, uint32_t i, vf_layer *l) {
  size_t n = vf_facts_length(b->facts, "cross_attention_layers");
  for (size_t k = 0; k < n; k++) {
    const vf_fact *f = vf_facts_at(b->facts, "cross_attention_layers", k);
    if (f == NULL || f->type != VF_FACT_INT || f->as.integer != i) continue;
    l->mixers = VF_MIX_CROSS;
    l->flags |= VF_LAYER_QK_NORM | VF_LAYER_CROSS_GATES;
  }
}

/* Kimi K3 gates both kinds of attention with matrices of full rank, and its experts, which work in
 * a smaller space, have a norm there. */
static void tune_kimi_linear(vf_builder *b, uint32_t i, vf_layer *l) {
  (void)i;
  if (b->gguf) return;
  bool recurrent = (l->mixers & VF_MIX_KDA) != 0;
  const char *gate = recurrent ? "linear_attn_config.use_full_rank_gate" : "mla_use_output_gate";
  if (vf_builder_flag(b, gate, false)) l->flags |= VF_LAYER_O_GATED;
  if (l->n_experts != 0 && vf_builder_flag(b, "latent_moe_use_norm", false))
    l->flags |= VF_LAYER_LATENT_NORM;
}

/* Values of each head are as wide as all of it; a full layer in eight. */
static void tune_minimax1(vf_builder *b, uint32_t i, vf_layer *l) {
  const vf_fact *f = vf_facts_at(b->facts, "attn_type_list", i);
  bool linear = (i + 1) % 8 != 0;
  if (f != NULL && f->type == VF_FACT_INT) linear = f->as.integer == 0;
  if (!linear) return;
  l->mixers = VF_MIX_LINEAR;
  l->inner = l->n_heads * l->k_dim;
  l->state = l->k_dim;
  l->conv = 1;
}

/* ---- Of files alone --------------------------------------------------------------------- */

/* Only seven billion parameters are rotated by place; larger ones lean towards near tokens. */
static void tune_baichuan(vf_builder *b, uint32_t i, vf_layer *l) {
  enum { LAYERS_7B = 32 };
  (void)i;
  if (b->m->n_layers != LAYERS_7B) l->flags |= VF_LAYER_NO_ROPE;
}

/* With swin_norm, norms stand behind attention and feed-forward: known for none of its files. */
static void tune_chameleon(vf_builder *b, uint32_t i, vf_layer *l) {
  (void)i;
  if (vf_builder_flag(b, "swin_norm", false)) b->m->flags &= ~(uint32_t)VF_MODEL_MEASURED;
  (void)l;
}

/* How many experts share a small one. */
static void tune_grove(vf_builder *b, uint32_t i, vf_layer *l) {
  uint32_t size = vf_hparam_at(&b->h, VF_HP_EXPERTS_PER_GROUP, i, 1);
  l->chunk_groups = l->n_ff_chunk != 0 && size != 0 ? l->n_experts / size : 0;
}

static void tune_smallthinker(vf_builder *b, uint32_t i, vf_layer *l) {
  if (l->window == 0 && vf_hparam_at(&b->h, VF_HP_WINDOW, i, 0) != 0) l->flags |= VF_LAYER_NO_ROPE;
}

/* Dense layers rotate all the same; which norm it is follows from which number a file has. */
static void tune_cohere2_moe(vf_builder *b, uint32_t i, vf_layer *l) {
  bool dense = i < vf_hparam_at(&b->h, VF_HP_LEADING_DENSE, i, 0);
  if (l->window == 0 && !dense) l->flags |= VF_LAYER_NO_ROPE;
  if (vf_facts_find(b->facts, "attention.layer_norm_rms_epsilon") != NULL)
    l->flags &= ~VF_LAYER_LAYER_NORM;
}

/* ---- The table -------------------------------------------------------------------------- */

#define GPT_BIAS   (VF_LAYER_QKV_BIAS | VF_LAYER_OUT_BIAS | VF_LAYER_FFN_BIAS)
#define GPT        (VF_LAYER_NORM_BIAS | VF_LAYER_FFN_PLAIN)
#define LATENT_MOE (VF_TRAIT_EXPERTS | VF_TRAIT_DENSE_TOO)

enum {
  ATT = VF_MIX_ATTENTION,
};

static const vf_arch archs[] = {
    {"llama", "llama", VF_LAYER_TOPK_NORM, VF_TRAIT_BIAS | VF_TRAIT_FF_BIAS | VF_TRAIT_PLAIN_TOO, 0,
     0, 0, 0, NULL},
    {"mistral", "llama", 0, VF_TRAIT_WINDOW_UNUSED, 0, VF_WINDOWS_ALL, 0, 0, NULL},
    {"ministral3", "mistral3", 0, VF_TRAIT_WINDOW_UNUSED, 0, VF_WINDOWS_ALL, 0, 0, NULL},
    {"mixtral", "llama", VF_LAYER_TOPK_NORM,
     VF_TRAIT_EXPERTS | VF_TRAIT_EXPERT_IS_FF | VF_TRAIT_WINDOW_UNUSED, 0, VF_WINDOWS_ALL, 0, 0,
     NULL},
    {"internlm3", "llama", 0, 0, 0, 0, 0, 0, tune_internlm},
    {"internlm", "llama", 0, 0, 0, 0, 0, 0, tune_internlm},
    {"internlm2", "internlm2", 0, 0, 0, 0, 0, 0, tune_internlm},
    {"baichuan", "baichuan", 0, 0, 0, 0, 0, 0, tune_baichuan},
    {"arcee", "arcee", VF_LAYER_FFN_PLAIN, VF_TRAIT_BIAS, 0, 0, 0, 0, NULL},
    {"seed_oss", "seed_oss", 0, VF_TRAIT_QKV_BIAS, 0, 0, 0, 0, tune_seed_oss},
    {"smollm3", "smollm3", 0, VF_TRAIT_BIAS | VF_TRAIT_TIED, 0, 0, 0, 0, tune_smollm3},
    {"minicpm", "minicpm", VF_LAYER_RESID_SCALED | VF_LAYER_TOPK_NORM,
     VF_TRAIT_TIED | VF_TRAIT_PLAIN_TOO, VF_MODEL_EMBD_SCALED_FIRST, 0, 0, 0, NULL},
    {"transformer", NULL, 0, VF_TRAIT_QKV_BIAS | VF_TRAIT_FF_4X, 0, 0, 0, 0, tune_fla},
    {"granite", "granite", VF_LAYER_RESID_SCALED, VF_TRAIT_BIAS | VF_TRAIT_FF_BIAS | VF_TRAIT_TIED,
     VF_MODEL_EMBD_SCALED_FIRST, 0, 0, 0, NULL},
    {"granitemoe", "granitemoe", VF_LAYER_RESID_SCALED | VF_LAYER_TOPK_NORM,
     VF_TRAIT_PLAIN_TOO | VF_TRAIT_BIAS | VF_TRAIT_EXPERTS | VF_TRAIT_EXPERT_IS_FF | VF_TRAIT_TIED,
     VF_MODEL_EMBD_SCALED_FIRST, 0, 0, 0, NULL},
    {"granitemoehybrid", "granitehybrid",
     VF_LAYER_RESID_SCALED | VF_LAYER_SSM_NORM | VF_LAYER_NO_ROPE | VF_LAYER_TOPK_NORM,
     VF_TRAIT_BIAS | VF_TRAIT_EXPERTS | VF_TRAIT_DENSE_TOO | VF_TRAIT_EXPERT_IS_FF | VF_TRAIT_TIED,
     VF_MODEL_EMBD_SCALED_FIRST, 0, 0, ATT | VF_MIX_MAMBA2, tune_granite_hybrid},
    {"olmo", "olmo", VF_LAYER_NO_NORMS | VF_LAYER_LAYER_NORM, VF_TRAIT_NO_OUTPUT_NORM, 0, 0, 0, 0,
     NULL, VF_OPS_BARE_NORMS},
    {"olmo2", "olmo2", VF_LAYER_NO_NORMS | VF_LAYER_POST_NORMS | VF_LAYER_QK_NORM_FULL, 0, 0,
     VF_WINDOWS_LAST_FULL, 4, 0, NULL},
    {"olmo3", "olmo2", VF_LAYER_NO_NORMS | VF_LAYER_POST_NORMS | VF_LAYER_QK_NORM_FULL, 0, 0,
     VF_WINDOWS_LAST_FULL, 4, 0, NULL},
    {"olmoe", "olmoe", VF_LAYER_QK_NORM_FULL, VF_TRAIT_EXPERTS | VF_TRAIT_EXPERT_IS_FF, 0, 0, 0, 0,
     NULL},
    {"exaone", "exaone", 0, 0, 0, 0, 0, 0, NULL},
    {"exaone4", "exaone4", VF_LAYER_NO_NORMS | VF_LAYER_POST_NORMS | VF_LAYER_QK_NORM, 0, 0,
     VF_WINDOWS_LAST_FULL, 4, 0, tune_exaone4},
    {"orion", "orion", VF_LAYER_NORM_BIAS, 0, 0, 0, 0, 0, NULL},
    {"nemotron", "nemotron", VF_LAYER_NORM_BIAS | VF_LAYER_FFN_PLAIN,
     VF_TRAIT_BIAS | VF_TRAIT_FF_BIAS, 0, 0, 0, 0, NULL},
    {"nemotron-nas", "deci", 0, VF_TRAIT_BIAS | VF_TRAIT_NO_FF, 0, 0, 0, 0, tune_nemotron_nas},
    {"ernie4_5", "ernie4_5", 0, VF_TRAIT_TIED, 0, 0, 0, 0, NULL},
    {"ernie4_5_moe", "ernie4_5-moe", VF_LAYER_PROBS_BIAS | VF_LAYER_TOPK_NORM,
     VF_TRAIT_EXPERTS | VF_TRAIT_TIED | VF_TRAIT_PLAIN_TOO, 0, 0, 0, 0, NULL},
    {"hunyuan_v1_dense", "hunyuan-dense", VF_LAYER_QK_NORM, 0, 0, 0, 0, 0, NULL},
    {"hunyuan", "hunyuan-moe", VF_LAYER_QK_NORM | VF_LAYER_TOPK_NORM,
     VF_TRAIT_EXPERTS | VF_TRAIT_DENSE_TOO, 0, 0, 0, 0, tune_hunyuan_moe},
    {"hunyuan_v1_moe", "hunyuan-moe", VF_LAYER_QK_NORM | VF_LAYER_TOPK_NORM,
     VF_TRAIT_EXPERTS | VF_TRAIT_DENSE_TOO, 0, 0, 0, 0, tune_hunyuan_moe},

    {"qwen", "qwen", VF_LAYER_QKV_FUSED | VF_LAYER_QKV_BIAS, VF_TRAIT_FF_DOUBLED, 0, 0, 0, 0,
     tune_qwen1},
    {"qwen2", "qwen2", VF_LAYER_QKV_BIAS, 0, 0, 0, 0, 0, NULL},
    {"mimo", "qwen2", VF_LAYER_QKV_BIAS, 0, 0, 0, 0, 0, NULL},
    {"qwen2_vl_text", "qwen2vl", VF_LAYER_QKV_BIAS, 0, VF_MODEL_MROPE, 0, 0, 0, NULL},
    {"qwen2_moe", "qwen2moe", VF_LAYER_QKV_BIAS | VF_LAYER_SHEXP_GATE, VF_TRAIT_EXPERTS, 0, 0, 0, 0,
     NULL},
    {"qwen3", "qwen3", VF_LAYER_QK_NORM, VF_TRAIT_BIAS, 0, 0, 0, 0, NULL},
    {"qwen3_moe", "qwen3moe", VF_LAYER_QK_NORM | VF_LAYER_TOPK_NORM,
     VF_TRAIT_BIAS | VF_TRAIT_EXPERTS, 0, 0, 0, 0, NULL},
    {"qwen3_vl_text", "qwen3vl", VF_LAYER_QK_NORM, VF_TRAIT_BIAS, VF_MODEL_MROPE, 0, 0, 0, NULL},
    {"qwen3_vl_moe_text", "qwen3vlmoe", VF_LAYER_QK_NORM | VF_LAYER_TOPK_NORM,
     VF_TRAIT_BIAS | VF_TRAIT_EXPERTS, VF_MODEL_MROPE, 0, 0, 0, NULL},
    {"qwen3_omni_moe_text", "qwen3vlmoe", VF_LAYER_QK_NORM | VF_LAYER_TOPK_NORM,
     VF_TRAIT_BIAS | VF_TRAIT_EXPERTS, VF_MODEL_MROPE, 0, 0, 0, NULL},
    {"qwen3_next", "qwen3next",
     VF_LAYER_QK_NORM | VF_LAYER_Q_GATED | VF_LAYER_SHEXP_GATE | VF_LAYER_BA_FUSED |
         VF_LAYER_TOPK_NORM,
     VF_TRAIT_EXPERTS, VF_MODEL_LATE_ROWS, 0, 0, ATT | VF_MIX_DELTA, tune_qwen_next},
    {"qwen3_5_text", "qwen35", VF_LAYER_QK_NORM | VF_LAYER_Q_GATED, 0,
     VF_MODEL_LATE_ROWS | VF_MODEL_MROPE, 0, 0, ATT | VF_MIX_DELTA, tune_qwen_next},
    {"qwen3_5_moe_text", "qwen35moe",
     VF_LAYER_QK_NORM | VF_LAYER_Q_GATED | VF_LAYER_SHEXP_GATE | VF_LAYER_TOPK_NORM,
     VF_TRAIT_EXPERTS, VF_MODEL_LATE_ROWS | VF_MODEL_MROPE, 0, 0, ATT | VF_MIX_DELTA,
     tune_qwen_next},

    {"gemma", "gemma", VF_LAYER_Q_SCALED, VF_TRAIT_TIED_ALWAYS, VF_MODEL_EMBD_SCALED, 0, 0, 0,
     NULL},
    {"gemma2", "gemma2", VF_LAYER_Q_SCALED | VF_LAYER_POST_NORMS, VF_TRAIT_TIED_ALWAYS,
     VF_MODEL_EMBD_SCALED | VF_MODEL_SCORE_CAP, VF_WINDOWS_LAST_FULL, 2, 0, NULL},
    {"gemma3_text", "gemma3", VF_LAYER_Q_SCALED | VF_LAYER_POST_NORMS | VF_LAYER_QK_NORM,
     VF_TRAIT_TIED_ALWAYS, VF_MODEL_EMBD_SCALED, VF_WINDOWS_LAST_FULL, 6, 0, NULL},
    {"gemma3n_text", "gemma3n", VF_LAYER_V_NORM | VF_LAYER_POST_NORMS | VF_LAYER_QK_NORM,
     VF_TRAIT_TIED_ALWAYS, VF_MODEL_EMBD_SCALED | VF_MODEL_EMBD_TWICE, VF_WINDOWS_LAST_FULL, 5, 0,
     tune_gemma3n},
    {"gemma4_text", "gemma4",
     VF_LAYER_V_NORM | VF_LAYER_POST_NORMS | VF_LAYER_QK_NORM | VF_LAYER_OUT_SCALE,
     VF_TRAIT_TIED_ALWAYS | VF_TRAIT_EXPERTS | VF_TRAIT_DENSE_TOO | VF_TRAIT_K_IS_V_TOO,
     VF_MODEL_EMBD_SCALED | VF_MODEL_EMBD_TWICE | VF_MODEL_LATE_ROWS, VF_WINDOWS_LAST_FULL, 6, 0,
     tune_gemma4},

    {"phi", "phi2", GPT | GPT_BIAS | VF_LAYER_ONE_NORM | VF_LAYER_PARALLEL | VF_LAYER_Q_SCALED,
     VF_TRAIT_HEAD_BIAS | VF_TRAIT_FF_4X, 0, 0, 0, 0, NULL,
     VF_OPS_SUM_BRANCHES | VF_OPS_ATTN_LEADS},
    {"phi3", "phi3",
     VF_LAYER_QKV_FUSED | VF_LAYER_FFN_FUSED | VF_LAYER_Q_SCALED | VF_LAYER_RESIDUAL_FIRST,
     VF_TRAIT_WINDOW_UNUSED, 0, VF_WINDOWS_ALL, 0, 0, NULL},
    {"phimoe", "phimoe",
     VF_LAYER_NORM_BIAS | VF_LAYER_Q_SCALED | VF_LAYER_RESIDUAL_FIRST | VF_LAYER_TOPK_NORM,
     VF_TRAIT_BIAS | VF_TRAIT_EXPERTS | VF_TRAIT_EXPERT_IS_FF | VF_TRAIT_HEAD_BIAS |
         VF_TRAIT_WINDOW_UNUSED,
     0, VF_WINDOWS_ALL, 0, 0, NULL, VF_OPS_RMS_BIAS},
    {"starcoder2", "starcoder2", GPT | GPT_BIAS, VF_TRAIT_TIED | VF_TRAIT_WINDOW_UNUSED, 0,
     VF_WINDOWS_ALL, 0, 0, NULL},
    {"gpt2", "gpt2", GPT | GPT_BIAS | VF_LAYER_QKV_FUSED | VF_LAYER_NO_ROPE,
     VF_TRAIT_POSITIONS | VF_TRAIT_TIED | VF_TRAIT_FF_4X, 0, 0, 0, 0, NULL},
    {"gpt_bigcode", "starcoder", GPT | GPT_BIAS | VF_LAYER_QKV_FUSED | VF_LAYER_NO_ROPE,
     VF_TRAIT_POSITIONS | VF_TRAIT_TIED | VF_TRAIT_FF_4X, 0, 0, 0, 0, tune_multi_query},
    {"gpt_neo", NULL, GPT | VF_LAYER_OUT_BIAS | VF_LAYER_FFN_BIAS | VF_LAYER_NO_ROPE,
     VF_TRAIT_POSITIONS | VF_TRAIT_TIED | VF_TRAIT_FF_4X, 0, 0, 0, 0, NULL},
    {"gptj", "gptj", GPT | VF_LAYER_FFN_BIAS | VF_LAYER_ONE_NORM | VF_LAYER_PARALLEL,
     VF_TRAIT_HEAD_BIAS | VF_TRAIT_FF_4X, 0, 0, 0, 0, NULL},
    {"codegen", "codegen",
     GPT | VF_LAYER_FFN_BIAS | VF_LAYER_ONE_NORM | VF_LAYER_PARALLEL | VF_LAYER_QKV_FUSED,
     VF_TRAIT_HEAD_BIAS | VF_TRAIT_FF_4X, 0, 0, 0, 0, NULL},
    {"gpt_neox", "gptneox", GPT | GPT_BIAS | VF_LAYER_PARALLEL | VF_LAYER_QKV_FUSED, 0, 0, 0, 0, 0,
     NULL},
    {"falcon", "falcon", GPT | VF_LAYER_PARALLEL | VF_LAYER_QKV_FUSED,
     VF_TRAIT_TIED | VF_TRAIT_FF_4X | VF_TRAIT_ONE_NORM_TOO, 0, 0, 0, 0, tune_falcon,
     VF_OPS_SUM_BRANCHES},
    {"bloom", "bloom", GPT | GPT_BIAS | VF_LAYER_QKV_FUSED | VF_LAYER_NO_ROPE,
     VF_TRAIT_EMBD_NORM | VF_TRAIT_TIED | VF_TRAIT_FF_4X, VF_MODEL_EMBD_NORM, 0, 0, 0, NULL},
    {"mpt", "mpt", VF_LAYER_LAYER_NORM | VF_LAYER_FFN_PLAIN | VF_LAYER_QKV_FUSED | VF_LAYER_NO_ROPE,
     VF_TRAIT_TIED | VF_TRAIT_FF_4X, 0, 0, 0, 0, NULL},
    {"opt", NULL, GPT | GPT_BIAS | VF_LAYER_NO_ROPE, VF_TRAIT_POSITIONS | VF_TRAIT_TIED, 0, 0, 0, 0,
     NULL},
    {"stablelm", "stablelm", VF_LAYER_NORM_BIAS, VF_TRAIT_ONE_NORM_TOO, 0, 0, 0, 0, tune_stablelm},
    {"chatglm", "chatglm", VF_LAYER_QKV_FUSED | VF_LAYER_FFN_FUSED, 0, 0, 0, 0, 0, tune_chatglm},
    {"glm", "chatglm", VF_LAYER_FFN_FUSED | VF_LAYER_QKV_BIAS, 0, 0, 0, 0, 0, NULL},
    {"glm4", "glm4", VF_LAYER_FFN_FUSED | VF_LAYER_POST_NORMS,
     VF_TRAIT_QKV_BIAS | VF_TRAIT_SECTIONS, 0, 0, 0, 0, NULL},
    {"glm4_moe", "glm4moe", VF_LAYER_PROBS_BIAS | VF_LAYER_TOPK_NORM | VF_LAYER_MTP_HEAD,
     VF_TRAIT_QKV_BIAS | VF_TRAIT_QK_NORM_FLAG | VF_TRAIT_EXPERTS | VF_TRAIT_MTP |
         VF_TRAIT_SECTIONS,
     0, 0, 0, 0, NULL},
    {"glm4v_text", "glm4", VF_LAYER_FFN_FUSED | VF_LAYER_POST_NORMS | VF_LAYER_QKV_BIAS, 0,
     VF_MODEL_MROPE, 0, 0, 0, NULL},
    {"glm4v_moe_text", "glm4moe",
     VF_LAYER_PROBS_BIAS | VF_LAYER_TOPK_NORM | VF_LAYER_MTP_HEAD | VF_LAYER_QKV_BIAS,
     VF_TRAIT_EXPERTS, VF_MODEL_MROPE, 0, 0, 0, NULL},
    {"cohere", "command-r", VF_LAYER_LAYER_NORM | VF_LAYER_ONE_NORM | VF_LAYER_PARALLEL,
     VF_TRAIT_TIED, 0, 0, 0, 0, tune_cohere},
    {"cohere2", "cohere2", VF_LAYER_LAYER_NORM | VF_LAYER_ONE_NORM | VF_LAYER_PARALLEL,
     VF_TRAIT_TIED, 0, VF_WINDOWS_LAST_FULL, 4, 0, tune_rope_in_windows},
    {"dbrx", "dbrx", VF_LAYER_LAYER_NORM | VF_LAYER_QKV_FUSED | VF_LAYER_TOPK_NORM,
     VF_TRAIT_EXPERTS | VF_TRAIT_EXPERT_IS_FF | VF_TRAIT_ONE_NORM_TOO, 0, 0, 0, 0, NULL},
    {"grok-1", "grok", VF_LAYER_POST_NORMS | VF_LAYER_TOPK_NORM,
     VF_TRAIT_PLAIN_TOO | VF_TRAIT_EXPERTS | VF_TRAIT_EXPERT_IS_FF | VF_TRAIT_TIED,
     VF_MODEL_EMBD_SCALED | VF_MODEL_NO_FLASH, 0, 0, 0, NULL, VF_OPS_BOTH_SUMMED},

    {"gpt_oss", "gpt-oss",
     VF_LAYER_QKV_BIAS | VF_LAYER_OUT_BIAS | VF_LAYER_SINKS | VF_LAYER_ROUTER_BIAS |
         VF_LAYER_EXPERT_BIAS | VF_LAYER_TOPK_SOFTMAX,
     VF_TRAIT_EXPERTS | VF_TRAIT_EXPERT_IS_FF, VF_MODEL_LATE_ROWS | VF_MODEL_ROWS_BEFORE_NORM,
     VF_WINDOWS_LAST_FULL, 2, 0, NULL},
    {"llama4_text", "llama4", 0, VF_TRAIT_BIAS | VF_TRAIT_EXPERTS | VF_TRAIT_EXPERT_IS_FF, 0, 0, 0,
     0, tune_llama4},
    {"deepseek", "deepseek", 0, VF_TRAIT_EXPERTS | VF_TRAIT_DENSE_TOO, 0, 0, 0, 0, NULL},
    {"deepseek_v2", "deepseek2", VF_LAYER_TOPK_SCALE, LATENT_MOE, 0, 0, 0, 0, tune_deepseek},
    {"deepseek_v3", "deepseek2", VF_LAYER_TOPK_NORM | VF_LAYER_TOPK_SCALE, LATENT_MOE, 0, 0, 0, 0,
     tune_deepseek},
    {"kimi_k2", "deepseek2", VF_LAYER_TOPK_NORM | VF_LAYER_TOPK_SCALE, LATENT_MOE, 0, 0, 0, 0,
     tune_deepseek},
    {"glm4_moe_lite", "deepseek2", VF_LAYER_TOPK_NORM | VF_LAYER_TOPK_SCALE, LATENT_MOE, 0, 0, 0, 0,
     tune_deepseek},
    {"deepseek_v32", "deepseek32", VF_LAYER_TOPK_NORM | VF_LAYER_TOPK_SCALE,
     LATENT_MOE | VF_TRAIT_MTP, 0, 0, 0, 0, tune_sparse_latent},
    {"glm_moe_dsa", "glm-dsa", VF_LAYER_TOPK_NORM | VF_LAYER_TOPK_SCALE, LATENT_MOE | VF_TRAIT_MTP,
     0, 0, 0, 0, tune_sparse_latent},
    {"deepseek_v4", "deepseek4", VF_LAYER_SINKS | VF_LAYER_TOPK_NORM | VF_LAYER_TOPK_SCALE,
     VF_TRAIT_EXPERTS, 0, VF_WINDOWS_ALL, 0, 0, tune_deepseek4, VF_OPS_UNKNOWN | VF_OPS_OWN_CACHES},
    {"kimi_linear", "kimi-linear",
     VF_LAYER_TOPK_NORM | VF_LAYER_TOPK_SCALE | VF_LAYER_PROBS_BIAS | VF_LAYER_NO_ROPE,
     VF_TRAIT_EXPERTS | VF_TRAIT_DENSE_TOO, 0, 0, 0, ATT | VF_MIX_KDA, tune_kimi_linear},
    {"minimax", NULL, VF_LAYER_TOPK_NORM, VF_TRAIT_EXPERTS | VF_TRAIT_EXPERT_IS_FF, 0, 0, 0, 0,
     tune_minimax1},
    {"minimax_m2", "minimax-m2", VF_LAYER_QK_NORM_FULL | VF_LAYER_PROBS_BIAS | VF_LAYER_TOPK_NORM,
     VF_TRAIT_EXPERTS | VF_TRAIT_EXPERT_IS_FF, 0, 0, 0, 0, NULL},
    {"minimax_m3", "minimax-m3", VF_LAYER_QK_NORM | VF_LAYER_PROBS_BIAS | VF_LAYER_TOPK_NORM,
     VF_TRAIT_EXPERTS | VF_TRAIT_EXPERT_IS_FF, 0, 0, 0, 0, NULL},
    {"mimo_v2_flash", "mimo2", VF_LAYER_TOPK_NORM, VF_TRAIT_QKV_BIAS | VF_TRAIT_EXPERTS, 0, 0, 0, 0,
     tune_mimo2},
    {"step3p5", "step35",
     VF_LAYER_QK_NORM | VF_LAYER_HEAD_GATE | VF_LAYER_PROBS_BIAS | VF_LAYER_TOPK_NORM,
     VF_TRAIT_EXPERTS, VF_MODEL_LATE_ROWS | VF_MODEL_ROWS_BEFORE_NORM, VF_WINDOWS_FIRST_FULL, 4, 0,
     NULL},
    {"step3p7", NULL,
     VF_LAYER_QK_NORM | VF_LAYER_HEAD_GATE | VF_LAYER_PROBS_BIAS | VF_LAYER_TOPK_NORM,
     VF_TRAIT_EXPERTS, 0, VF_WINDOWS_FIRST_FULL, 4, 0, NULL},

    {"mamba", "mamba", 0, VF_TRAIT_NO_HEADS | VF_TRAIT_NO_FF | VF_TRAIT_TIED, 0, 0, 0,
     VF_MIX_MAMBA1, tune_mamba},
    {"falcon_mamba", "mamba", 0, VF_TRAIT_NO_HEADS | VF_TRAIT_NO_FF | VF_TRAIT_TIED, 0, 0, 0,
     VF_MIX_MAMBA1, tune_mamba},
    {"mamba2", "mamba2", VF_LAYER_SSM_NORM, VF_TRAIT_NO_HEADS | VF_TRAIT_NO_FF, 0, 0, 0,
     VF_MIX_MAMBA2, tune_mamba},
    {"jamba", "jamba", VF_LAYER_NO_ROPE | VF_LAYER_RESIDUAL_FIRST | VF_LAYER_ATTN_RESIDUAL_FIRST,
     VF_TRAIT_EXPERTS | VF_TRAIT_DENSE_TOO | VF_TRAIT_EXPERT_IS_FF, 0, 0, 0, ATT | VF_MIX_MAMBA1,
     tune_jamba},
    {"falcon_h1", "falcon-h1", VF_LAYER_PARALLEL_MIXERS, VF_TRAIT_BIAS, 0, 0, 0,
     ATT | VF_MIX_MAMBA2, tune_falcon_h1},
    {"nemotron_h", "nemotron_h",
     VF_LAYER_SSM_NORM | VF_LAYER_FFN_PLAIN | VF_LAYER_NO_ROPE | VF_LAYER_PARALLEL_MIXERS,
     VF_TRAIT_BIAS, VF_MODEL_LATE_ROWS, 0, 0, ATT | VF_MIX_MAMBA2, tune_nemotron_h},
    {"nemotron_h_moe", "nemotron_h_moe",
     VF_LAYER_SSM_NORM | VF_LAYER_FFN_PLAIN | VF_LAYER_NO_ROPE | VF_LAYER_PARALLEL_MIXERS |
         VF_LAYER_PROBS_BIAS | VF_LAYER_TOPK_NORM | VF_LAYER_TOPK_SCALE,
     VF_TRAIT_BIAS | VF_TRAIT_EXPERTS, VF_MODEL_LATE_ROWS, 0, 0, ATT | VF_MIX_MAMBA2,
     tune_nemotron_h},
    {"lfm2", "lfm2", VF_LAYER_QK_NORM | VF_LAYER_RESIDUAL_FIRST | VF_LAYER_ATTN_RESIDUAL_FIRST,
     VF_TRAIT_TIED, 0, 0, 0, ATT | VF_MIX_SHORTCONV, tune_lfm2},
    {"lfm2_moe", "lfm2moe",
     VF_LAYER_QK_NORM | VF_LAYER_RESIDUAL_FIRST | VF_LAYER_ATTN_RESIDUAL_FIRST | VF_LAYER_TOPK_NORM,
     VF_TRAIT_TIED | VF_TRAIT_EXPERTS, 0, 0, 0, ATT | VF_MIX_SHORTCONV, tune_lfm2},
    {"rwkv7", "rwkv7", VF_LAYER_NORM_BIAS, VF_TRAIT_NO_HEADS | VF_TRAIT_EMBD_NORM,
     VF_MODEL_EMBD_NORM, 0, 0, VF_MIX_RWKV, NULL},

    {"bert", "bert",
     VF_LAYER_ENCODER | GPT | GPT_BIAS | VF_LAYER_NO_NORMS | VF_LAYER_POST_NORMS | VF_LAYER_NO_ROPE,
     VF_TRAIT_POSITIONS | VF_TRAIT_EMBD_NORM | VF_TRAIT_NO_OUTPUT | VF_TRAIT_TIED_ALWAYS |
         VF_TRAIT_TYPES,
     VF_MODEL_ENCODER | VF_MODEL_EMBD_NORM | VF_MODEL_NO_END_NORM, 0, 0, 0, NULL,
     VF_OPS_NORM_AFTER},
    {"xlm-roberta", "bert",
     VF_LAYER_ENCODER | GPT | GPT_BIAS | VF_LAYER_NO_NORMS | VF_LAYER_POST_NORMS | VF_LAYER_NO_ROPE,
     VF_TRAIT_POSITIONS | VF_TRAIT_EMBD_NORM | VF_TRAIT_NO_OUTPUT | VF_TRAIT_TIED_ALWAYS |
         VF_TRAIT_TYPES,
     VF_MODEL_ENCODER | VF_MODEL_EMBD_NORM | VF_MODEL_NO_END_NORM, 0, 0, 0, NULL,
     VF_OPS_NORM_AFTER},
    {"nomic_bert", "nomic-bert",
     VF_LAYER_ENCODER | VF_LAYER_NORM_BIAS | VF_LAYER_NO_NORMS | VF_LAYER_POST_NORMS |
         VF_LAYER_QKV_FUSED,
     VF_TRAIT_EMBD_NORM | VF_TRAIT_NO_OUTPUT | VF_TRAIT_TIED_ALWAYS | VF_TRAIT_TYPES,
     VF_MODEL_ENCODER | VF_MODEL_EMBD_NORM | VF_MODEL_NO_END_NORM, 0, 0, 0, NULL,
     VF_OPS_NORM_AFTER},
    {"t5", NULL, VF_LAYER_NO_ROPE, VF_TRAIT_TIED | VF_TRAIT_ENCODER_DECODER, 0, 0, 0, 0,
     tune_encoder_decoder},
    {"whisper", NULL, GPT | GPT_BIAS | VF_LAYER_K_UNBIASED | VF_LAYER_NO_ROPE,
     VF_TRAIT_TIED_ALWAYS | VF_TRAIT_POSITIONS | VF_TRAIT_ENCODER_DECODER, 0, 0, 0, 0,
     tune_encoder_decoder},
    {"mllama_text_model", "mllama", 0, VF_TRAIT_MORE_ROWS, 0, 0, 0, 0, tune_mllama},
#include "models/arch_more.def"
};
static const size_t n_archs = sizeof archs / sizeof *archs;

const vf_arch *vf_arch_find(const char *name, bool gguf) {
  for (size_t i = 0; i < n_archs; i++) {
    const char *own = gguf ? archs[i].gguf : archs[i].model_type;
    if (own != NULL && strcmp(own, name) == 0) return &archs[i];
  }
  for (size_t i = 0; !gguf && vf_arch_of_config(i) != NULL; i++)
    if (strcmp(vf_arch_of_config(i)->model_type, name) == 0) return vf_arch_of_config(i);
  return NULL;
}

/* Rows of files alone have no such name: they come last of the table. */
const char *vf_arch_name(size_t i) {
  if (i < n_archs && archs[i].model_type != NULL) return archs[i].model_type;
  size_t named = 0;
  while (named < n_archs && archs[named].model_type != NULL) named++;
  const vf_arch *more = i >= named ? vf_arch_of_config(i - named) : NULL;
  return more != NULL ? more->model_type : NULL;
}
