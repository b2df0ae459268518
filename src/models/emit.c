/* emit.c - the tensors that a description of layers needs.
 *
 * Sources: transformers' modeling files for which projections a model has and which of them carry
 * a bias; llama.cpp's src/llama-model.cpp and conversion scripts for the form they take in GGUF. */
#include <string.h>

#include "base/status.h"
#include "models/mixers/mixer.h"

/* ---- One tensor ------------------------------------------------------------------------- */

void vf_builder_add(vf_builder *b, vf_tensor t) {
  if (b->status != VF_OK) return;
  if (b->m->n_tensors == b->tensor_capacity) {
    b->status = vf_fail(b->err, VF_LIMIT, "more tensors than an architecture can have");
    return;
  }
  b->status = vf_tensor_store(&t, VF_FORMAT_F32, b->err);
  if (t.ne[0] == 0 || t.ne[1] == 0 || t.ne[2] == 0) return;
  b->m->tensors[b->m->n_tensors++] = t;
}

/* ---- Feed-forward ----------------------------------------------------------------------- */

static void add_dense(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, ff = l->n_ff;
  bool bias = has(l, VF_LAYER_FFN_BIAS), fused = has(l, VF_LAYER_FFN_FUSED);
  if (!fused && !has(l, VF_LAYER_FFN_PLAIN)) add_matrix(b, VF_ROLE_FFN_GATE, i, d, ff, bias);
  add_matrix(b, VF_ROLE_FFN_UP, i, d, fused ? 2 * ff : ff, bias);
  add_matrix(b, VF_ROLE_FFN_DOWN, i, ff, d, bias);
}

static void add_experts(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, ff = l->n_ff_expert, n = l->n_experts;
  uint64_t width = l->expert_embd != 0 ? l->expert_embd : d;
  bool bias = has(l, VF_LAYER_EXPERT_BIAS), gate = !has(l, VF_LAYER_FFN_PLAIN);
  add_matrix(b, VF_ROLE_FFN_ROUTER, i, d, n, has(l, VF_LAYER_ROUTER_BIAS));
  if (has(l, VF_LAYER_PROBS_BIAS)) add_bias(b, VF_ROLE_FFN_ROUTER_BIAS, i, n, 1);
  if (l->ops & VF_OPS_ROUTER_TABLE)
    add(b, VF_ROLE_FFN_ROUTER_TABLE, i, l->n_experts_used, b->m->n_vocab);
  if (gate) add3(b, VF_ROLE_FFN_GATE_EXPS, i, width, ff, n);
  add3(b, VF_ROLE_FFN_UP_EXPS, i, width, ff, n);
  add3(b, VF_ROLE_FFN_DOWN_EXPS, i, ff, width, n);
  if (bias && gate) add_bias(b, VF_ROLE_FFN_GATE_EXPS, i, ff, n);
  if (bias) add_bias(b, VF_ROLE_FFN_UP_EXPS, i, ff, n);
  if (bias) add_bias(b, VF_ROLE_FFN_DOWN_EXPS, i, width, n);
  if (l->expert_embd == 0) return;
  add(b, VF_ROLE_FFN_LATENT_DOWN, i, d, width);
  add(b, VF_ROLE_FFN_LATENT_UP, i, width, d);
  if (has(l, VF_LAYER_LATENT_NORM)) add(b, VF_ROLE_FFN_LATENT_NORM, i, width, 1);
}

static void add_shared_expert(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, ff = l->n_ff_shared;
  if (ff == 0) return;
  if (!has(l, VF_LAYER_FFN_PLAIN)) add(b, VF_ROLE_FFN_GATE_SHEXP, i, d, ff);
  add(b, VF_ROLE_FFN_UP_SHEXP, i, d, ff);
  add(b, VF_ROLE_FFN_DOWN_SHEXP, i, ff, d);
  if (has(l, VF_LAYER_SHEXP_GATE)) add(b, VF_ROLE_FFN_SHEXP_GATE, i, d, 1);
}

static bool has_feed_forward(const vf_layer *l) {
  return (l->n_ff != 0 || l->n_experts != 0) && (l->mixers & VF_MIX_RWKV) == 0;
}

static void add_feed_forward(vf_builder *b, int32_t i, const vf_layer *l) {
  bool both = l->n_experts != 0 && l->n_ff != 0;
  if (l->n_ff != 0) add_dense(b, i, l);
  if (l->n_experts != 0) add_experts(b, i, l);
  add_shared_expert(b, i, l);
  if (!both) return;
  add(b, VF_ROLE_FFN_PRE_NORM_2, i, b->m->n_embd, 1);
  add(b, VF_ROLE_FFN_POST_NORM_1, i, b->m->n_embd, 1);
  add(b, VF_ROLE_FFN_POST_NORM_2, i, b->m->n_embd, 1);
  add(b, VF_ROLE_FFN_ROUTER_SCALE, i, b->m->n_embd, 1);
  add(b, VF_ROLE_FFN_EXPERT_SCALE, i, l->n_experts, 1);
}

/* ---- Further inputs of a layer ---------------------------------------------------------- */

static void add_layer_input(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd, n = l->altup;
  if (l->embd_per_layer == 0) return;
  add(b, VF_ROLE_INP_GATE, i, d, l->embd_per_layer);
  add(b, VF_ROLE_INP_PROJ, i, l->embd_per_layer, d);
  add(b, VF_ROLE_INP_POST_NORM, i, d, 1);
  if (n == 0) return;
  add(b, VF_ROLE_ALTUP_KEEP32, i, n, n);
  add(b, VF_ROLE_ALTUP_KEEP32, i, d, 1);
  add(b, VF_ROLE_ALTUP_KEEP32, i, n, n * n);
  add(b, VF_ROLE_ALTUP_ROUTER, i, d, n);
  add(b, VF_ROLE_ALTUP_KEEP32, i, d, 1);
  add(b, VF_ROLE_LAUREL, i, d, l->laurel);
  add(b, VF_ROLE_LAUREL, i, l->laurel, d);
  add(b, VF_ROLE_LAUREL_NORM, i, d, 1);
}

/* Each half of a layer mixes the streams of the hidden state by what all of them say together. */
static void add_hyper_connections(vf_builder *b, int32_t i, const vf_layer *l) {
  enum { HALVES = 2, SCALES = 3 };
  uint64_t n = l->streams, mix = (2 + n) * n;
  if (l->o_lora == 0 || n == 0) return;
  for (int half = 0; half < HALVES; half++) {
    add(b, VF_ROLE_HYPER_CONNECTION, i, n * b->m->n_embd, mix);
    add(b, VF_ROLE_HYPER_CONNECTION, i, mix, 1);
    add(b, VF_ROLE_HYPER_CONNECTION, i, SCALES, 1);
  }
}

static void add_mtp(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd;
  if (!has(l, VF_LAYER_MTP)) return;
  add(b, VF_ROLE_NEXTN_PROJ, i, 2 * d, d);
  for (int n = 0; n < 3; n++) add(b, VF_ROLE_NEXTN_NORM, i, d, 1);
  if (!has(l, VF_LAYER_MTP_HEAD)) return;
  add(b, VF_ROLE_NEXTN_EMBD, i, d, b->m->n_vocab);
  add(b, VF_ROLE_NEXTN_HEAD, i, d, b->m->n_vocab);
}

/* ---- A layer ---------------------------------------------------------------------------- */

static void add_mixers(vf_builder *b, int32_t i, const vf_layer *l) {
  if (l->mixers & VF_MIX_ATTENTION) {
    if (l->o_lora != 0)
      vf_emit_compressed(b, i, l);
    else if (l->kv_lora != 0)
      vf_emit_latent(b, i, l);
    else
      vf_emit_attention(b, i, l);
  }
  if (l->mixers & VF_MIX_CROSS) vf_emit_cross(b, i, l);
  if (l->mixers & VF_MIX_MAMBA1) vf_emit_mamba1(b, i, l);
  if (l->mixers & VF_MIX_MAMBA2) vf_emit_mamba2(b, i, l);
  if (l->mixers & VF_MIX_DELTA) vf_emit_delta_net(b, i, l);
  if (l->mixers & VF_MIX_KDA) vf_emit_kda(b, i, l);
  if (l->mixers & VF_MIX_SHORTCONV) vf_emit_short_convolution(b, i, l);
  if (l->mixers & VF_MIX_LINEAR) vf_emit_lightning(b, i, l);
  if (l->mixers & VF_MIX_RWKV) vf_emit_rwkv(b, i, l);
}

static void add_layer(vf_builder *b, int32_t i, const vf_layer *l) {
  uint64_t d = b->m->n_embd;
  bool mixes = l->mixers != 0, feeds = has_feed_forward(l);
  bool ff_norm = feeds && mixes && !has(l, VF_LAYER_NO_NORMS | VF_LAYER_ONE_NORM);
  if (!mixes && !feeds) return;
  if (!has(l, VF_LAYER_NO_NORMS)) add_norm(b, VF_ROLE_ATTN_NORM, i, l, d);
  bool two = (l->mixers & VF_MIX_RWKV) != 0 || has(l, VF_LAYER_TWO_STATES);
  if (two) add_norm(b, VF_ROLE_ATTN_NORM_2, i, l, d);
  add_mixers(b, i, l);
  if (has(l, VF_LAYER_POST_NORMS)) add_norm(b, VF_ROLE_ATTN_POST_NORM, i, l, d);
  if (ff_norm) add_norm(b, VF_ROLE_FFN_NORM, i, l, d);
  if (feeds) add_feed_forward(b, i, l);
  if (has(l, VF_LAYER_POST_NORMS)) add_norm(b, VF_ROLE_FFN_POST_NORM, i, l, d);
  if (has(l, VF_LAYER_OUT_SCALE)) add(b, VF_ROLE_LAYER_OUTPUT_SCALE, i, 1, 1);
  add_layer_input(b, i, l);
  add_hyper_connections(b, i, l);
  add_mtp(b, i, l);
}

/* ---- Around the layers ------------------------------------------------------------------ */

static void add_inputs(vf_builder *b) {
  vf_model *m = b->m;
  const vf_layer *l = &m->layers[0];
  uint64_t d = m->n_embd, embd = vf_hparam_at(&b->h, VF_HP_WORD_EMBD, 0, (uint32_t)d);
  uint64_t more = b->arch->traits & VF_TRAIT_MORE_ROWS ? 8 : 0; /* rows for images, not outputs */
  if ((b->arch->traits & VF_TRAIT_NO_EMBD) == 0)
    add(b, VF_ROLE_TOKEN_EMBD, -1, embd, m->n_vocab + more);
  if (embd != d) {
    add(b, VF_ROLE_INP_PROJ_IN, -1, embd, d);
    add(b, VF_ROLE_INP_PROJ_OUT, -1, d, embd);
  }
  if (b->arch->traits & VF_TRAIT_POSITIONS) {
    uint64_t offset = strcmp(b->arch->model_type, "opt") == 0 ? 2 : 0;
    add(b, VF_ROLE_POSITION_EMBD, -1, d, m->max_ctx_tokens + offset);
  }
  if (b->arch->traits & VF_TRAIT_TYPES)
    add(b, VF_ROLE_TOKEN_TYPES, -1, d, vf_hparam_at(&b->h, VF_HP_TYPES, 0, 2));
  if (b->arch->traits & VF_TRAIT_EMBD_NORM) add_norm(b, VF_ROLE_TOKEN_EMBD_NORM, -1, l, d);
  if (l->embd_per_layer == 0) return;
  uint64_t all = (uint64_t)l->embd_per_layer * m->n_layers;
  uint64_t vocab = vf_hparam_at(&b->h, VF_HP_VOCAB_PER_LAYER, 0, (uint32_t)m->n_vocab);
  add(b, VF_ROLE_PER_LAYER_TOKEN_EMBD, -1, all, vocab);
  add(b, VF_ROLE_PER_LAYER_MODEL_PROJ, -1, d, all);
  add(b, VF_ROLE_PER_LAYER_PROJ_NORM, -1, l->embd_per_layer, 1);
  if (l->altup < 2) return;
  add3(b, VF_ROLE_ALTUP_PROJ, -1, d, d, l->altup - 1);
  add3(b, VF_ROLE_ALTUP_UNEMBD_PROJ, -1, d, d, l->altup - 1);
}

/* What leads from the hidden states of a model to its draft. */
static void add_draft(vf_builder *b) {
  uint64_t d = b->m->n_embd;
  uint32_t width = vf_hparam_at(&b->h, VF_HP_TARGET_EMBD, 0, (uint32_t)d);
  if ((b->arch->traits & VF_TRAIT_DRAFT) == 0) return;
  add(b, VF_ROLE_INP_PROJ_IN, -1, (uint64_t)vf_draft_states(b) * width, d);
  if (b->arch->traits & VF_TRAIT_NO_EMBD) add(b, VF_ROLE_TOKEN_EMBD_NORM, -1, d, 1);
}

/* An encoder of its own: its norm, and how it tells places apart (T5: a bias per distance and head
 * in the first layer of each half; Whisper: two convolutions and a table of positions). */
static void add_encoder(vf_builder *b) {
  enum { T5_BUCKETS = 32, WHISPER_KERNEL = 3, WHISPER_FRAMES = 1500 };
  vf_model *m = b->m;
  const vf_layer *l = &m->layers[0];
  uint64_t d = m->n_embd, mel = vf_hparam_at(&b->h, VF_HP_MEL_BINS, 0, 0);
  if ((b->arch->traits & VF_TRAIT_ENCODER_DECODER) == 0) return;
  add_norm(b, VF_ROLE_ENCODER_NORM, -1, l, d);
  if (mel == 0) {
    add(b, VF_ROLE_ENCODER_REL_B, -1, l->n_heads, T5_BUCKETS);
    add(b, VF_ROLE_ENCODER_REL_B, -1, l->n_heads, T5_BUCKETS);
    return;
  }
  add3(b, VF_ROLE_ENCODER_CONV, -1, WHISPER_KERNEL, mel, d);
  add_bias(b, VF_ROLE_ENCODER_CONV, -1, d, 1);
  add3(b, VF_ROLE_ENCODER_CONV, -1, WHISPER_KERNEL, d, d);
  add_bias(b, VF_ROLE_ENCODER_CONV, -1, d, 1);
  add(b, VF_ROLE_POSITION_EMBD, -1, d,
      vf_hparam_at(&b->h, VF_HP_SOURCE_POSITIONS, 0, WHISPER_FRAMES));
}

static void add_outputs(vf_builder *b) {
  vf_model *m = b->m;
  const vf_layer *l = &m->layers[0];
  uint32_t traits = b->arch->traits;
  if (traits & VF_TRAIT_NO_OUTPUT) return;
  bool norm =
      (traits & VF_TRAIT_NO_OUTPUT_NORM) == 0 && vf_builder_flag(b, "do_layer_norm_before", true);
  if (norm) add_norm(b, VF_ROLE_OUTPUT_NORM, -1, l, m->n_embd);
  if (l->o_lora != 0 && l->streams != 0) {
    add(b, VF_ROLE_OUTPUT_HC, -1, l->streams * m->n_embd, l->streams);
    add(b, VF_ROLE_OUTPUT_HC, -1, l->streams, 1);
    add(b, VF_ROLE_OUTPUT_HC, -1, 1, 1);
  }
  uint64_t rows = vf_hparam_at(&b->h, VF_HP_DRAFT_VOCAB, 0, (uint32_t)m->n_vocab);
  bool own = !m->tied || (traits & VF_TRAIT_DRAFT) != 0;
  if (own && (traits & VF_TRAIT_NO_EMBD) == 0) add(b, VF_ROLE_OUTPUT, -1, m->n_embd, rows);
  if (traits & VF_TRAIT_HEAD_BIAS) add_bias(b, VF_ROLE_OUTPUT, -1, m->n_vocab, 1);
}

/* Half of the rotated part of a head: partial_rotary_factor in thousandths, rounded like int(). */
static uint64_t rope_frequencies(const vf_builder *b) {
  const vf_fact *f = vf_facts_find(b->facts, "partial_rotary_factor");
  double factor = f != NULL && f->type == VF_FACT_FLOAT ? f->as.real : 1.0;
  if (!(factor > 0.0 && factor <= 1.0)) factor = 1.0;
  uint64_t permille = (uint64_t)(factor * 1000.0 + 0.5);
  return b->m->layers[0].k_dim * permille / 1000 / 2;
}

/* The converter writes computed frequencies as tensors for two kinds of rope scaling. */
static void add_rope_tables(vf_builder *b) {
  const char *kind = vf_rope_kind(b->facts);
  uint64_t n = rope_frequencies(b);
  if (strcmp(kind, "llama3") == 0) add(b, VF_ROLE_ROPE_FREQS, -1, n, 1);
  if (strcmp(kind, "longrope") != 0 && strcmp(kind, "su") != 0) return;
  add(b, VF_ROLE_ROPE_LONG, -1, n, 1);
  add(b, VF_ROLE_ROPE_SHORT, -1, n, 1);
}

void vf_emit(vf_builder *b) {
  add_inputs(b);
  add_draft(b);
  add_encoder(b);
  for (uint32_t i = 0; i < b->m->n_layers && b->status == VF_OK; i++)
    add_layer(b, (int32_t)i, &b->m->layers[i]);
  add_outputs(b);
  add_rope_tables(b);
}
