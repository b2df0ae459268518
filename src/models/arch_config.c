/* arch_config.c - architectures that vramfit knows from their config.json.
 *
 * Rows as in arch_table.c, with a name before each value: here are those of serving models whose
 * sources are transformers' classes alone, and drafts, which read hidden states of the model that
 * they guess for.  Sources: transformers (decba1d), src/transformers/models/; SpecForge's and
 * z-lab's modeling files for drafts. */
#include <string.h>

#include "models/builder.h"

/* ---- Peculiarities ---------------------------------------------------------------------- */

/* Windows in threes, counted from the end: the last layer sees everything. */
static void tune_muse_glimmer(vf_builder *b, uint32_t i, vf_layer *l) {
  enum { PERIOD = 4 };
  bool listed = vf_facts_length(b->facts, "layer_types") > 0;
  if (!listed && (b->m->n_layers - 1 - i) % PERIOD == 0) l->window = 0;
}

/* A gate per head, or one for each value; the heads of a layer may be listed. */
static void tune_laguna(vf_builder *b, uint32_t i, vf_layer *l) {
  const vf_fact *heads = vf_facts_length(b->facts, "num_attention_heads_per_layer") > 0
                             ? vf_facts_at(b->facts, "num_attention_heads_per_layer", i)
                             : NULL;
  const vf_fact *gating = vf_facts_find(b->facts, "gating");
  bool word = gating != NULL && gating->type == VF_FACT_STRING;
  bool per_value = word && strcmp(gating->as.string, "per-head") != 0;
  if (heads != NULL && heads->type == VF_FACT_INT && heads->as.integer > 0 &&
      heads->as.integer <= UINT16_MAX)
    l->n_heads = (uint32_t)heads->as.integer;
  l->flags |= per_value ? VF_LAYER_O_GATED : VF_LAYER_HEAD_GATE;
}

/* The first layer reads the embeddings as they are; a local layer's window looks both ways. */
static void tune_modernbert(vf_builder *b, uint32_t i, vf_layer *l) {
  enum { PERIOD = 3, LOCAL = 128 };
  (void)b;
  if (i == 0) l->flags |= VF_LAYER_ONE_NORM;
  if (i % PERIOD != 0) l->window = LOCAL;
}

static void tune_bailing(vf_builder *b, uint32_t i, vf_layer *l) {
  (void)i;
  if (vf_builder_flag(b, "use_qkv_bias", false)) l->flags |= VF_LAYER_QKV_BIAS;
  if (vf_builder_flag(b, "use_bias", false)) l->flags |= VF_LAYER_OUT_BIAS;
  if (vf_builder_flag(b, "use_qk_norm", false)) l->flags |= VF_LAYER_QK_NORM;
  if (l->n_experts != 0 && vf_builder_flag(b, "moe_router_enable_expert_bias", false))
    l->flags |= VF_LAYER_PROBS_BIAS;
}

/* The first layer of an EAGLE-3 draft reads an embedding and the hidden states side by side, each
 * normalized; further ones (P-EAGLE) are plain. */
static void tune_eagle3(vf_builder *b, uint32_t i, vf_layer *l) {
  (void)b;
  if (i == 0) l->flags |= VF_LAYER_TWO_STATES;
}

/* ---- The table -------------------------------------------------------------------------- */

static const vf_arch archs[] = {
    {.model_type = "glm_ocr_text",
     .flags = VF_LAYER_FFN_FUSED | VF_LAYER_POST_NORMS,
     .model_flags = VF_MODEL_MROPE},
    {.model_type = "muse_glimmer_text",
     .gguf = "muse-glimmer",
     .flags = VF_LAYER_O_GATED | VF_LAYER_POST_NORMS | VF_LAYER_QK_L2,
     .traits = VF_TRAIT_BIAS,
     .windows = VF_WINDOWS_ALL,
     .tune = tune_muse_glimmer},
    {.model_type = "hy_v3",
     .gguf = "hy_v3",
     .flags = VF_LAYER_QK_NORM | VF_LAYER_PROBS_BIAS | VF_LAYER_TOPK_NORM | VF_LAYER_TOPK_SCALE,
     .traits = VF_TRAIT_BIAS | VF_TRAIT_EXPERTS},
    {.model_type = "mistral4",
     .gguf = "mistral4",
     .flags = VF_LAYER_TOPK_NORM,
     .traits = VF_TRAIT_EXPERTS},
    {.model_type = "laguna",
     .gguf = "laguna",
     .flags = VF_LAYER_QK_NORM | VF_LAYER_PROBS_BIAS | VF_LAYER_TOPK_NORM | VF_LAYER_TOPK_SCALE,
     .traits = VF_TRAIT_BIAS | VF_TRAIT_EXPERTS,
     .tune = tune_laguna},
    {.model_type = "exaone_moe",
     .gguf = "exaone-moe",
     .flags = VF_LAYER_QK_NORM | VF_LAYER_PROBS_BIAS | VF_LAYER_TOPK_NORM | VF_LAYER_TOPK_SCALE,
     .traits = VF_TRAIT_EXPERTS,
     .windows = VF_WINDOWS_LAST_FULL,
     .window_period = 4},
    {.model_type = "solar_open",
     .flags = VF_LAYER_PROBS_BIAS | VF_LAYER_TOPK_NORM | VF_LAYER_TOPK_SCALE,
     .traits = VF_TRAIT_QK_NORM_FLAG | VF_TRAIT_EXPERTS},
    {.model_type = "dots1",
     .gguf = "dots1",
     .flags = VF_LAYER_QK_NORM | VF_LAYER_PROBS_BIAS | VF_LAYER_TOPK_NORM | VF_LAYER_TOPK_SCALE,
     .traits = VF_TRAIT_BIAS | VF_TRAIT_EXPERTS | VF_TRAIT_DENSE_TOO,
     .windows = VF_WINDOWS_NONE},
    {.model_type = "afmoe",
     .gguf = "afmoe",
     .flags = VF_LAYER_QK_NORM | VF_LAYER_O_GATED | VF_LAYER_POST_NORMS | VF_LAYER_PROBS_BIAS |
              VF_LAYER_TOPK_NORM | VF_LAYER_TOPK_SCALE,
     .traits = VF_TRAIT_EXPERTS,
     .windows = VF_WINDOWS_LAST_FULL,
     .window_period = 4},
    {.model_type = "bailing_moe",
     .gguf = "bailingmoe",
     .flags = VF_LAYER_TOPK_NORM,
     .traits = VF_TRAIT_EXPERTS,
     .tune = tune_bailing},
    {.model_type = "bailing_moe_v2",
     .gguf = "bailingmoe2",
     .flags = VF_LAYER_TOPK_NORM | VF_LAYER_TOPK_SCALE,
     .traits = VF_TRAIT_EXPERTS,
     .tune = tune_bailing},
    {.model_type = "modernbert",
     .gguf = "modern-bert",
     .flags = VF_LAYER_ENCODER | VF_LAYER_LAYER_NORM | VF_LAYER_QKV_FUSED | VF_LAYER_FFN_FUSED,
     .traits = VF_TRAIT_EMBD_NORM | VF_TRAIT_TIED_ALWAYS,
     .model_flags = VF_MODEL_ENCODER | VF_MODEL_EMBD_NORM,
     .tune = tune_modernbert},

    {.model_type = "eagle3", .traits = VF_TRAIT_BIAS | VF_TRAIT_DRAFT, .tune = tune_eagle3},
    {.model_type = "eagle", .traits = VF_TRAIT_BIAS | VF_TRAIT_DRAFT | VF_TRAIT_NO_OUTPUT},
    {.model_type = "dflash",
     .flags = VF_LAYER_QK_NORM,
     .traits = VF_TRAIT_BIAS | VF_TRAIT_DRAFT | VF_TRAIT_NO_EMBD},
};
static const size_t n_archs = sizeof archs / sizeof *archs;

const vf_arch *vf_arch_of_config(size_t i) {
  return i < n_archs ? &archs[i] : NULL;
}

/* ---- Which drafts there are ------------------------------------------------------------- */

/* Drafts say model_type "llama" or "qwen3": what they are stands in `architectures`. */
static const struct {
  const char *word; /* in the class's name */
  const char *type;
} draft_classes[] = {
    {"Eagle3", "eagle3"}, {"EAGLE3", "eagle3"},       {"PEagle", "eagle3"}, {"DFlash", "dflash"},
    {"Eagle", "eagle"},   {"EAGLE", "eagle"},         {"DSpark", "dspark"}, {"Domino", "domino"},
    {"Medusa", "medusa"}, {"Assistant", "assistant"},
};

const char *vf_draft_type(const vf_facts *f) {
  const vf_fact *class =
      vf_facts_length(f, "architectures") > 0 ? vf_facts_at(f, "architectures", 0) : NULL;
  const vf_fact *layers = vf_facts_find(f, "num_hidden_layers");
  bool one = layers != NULL && layers->type == VF_FACT_INT && layers->as.integer == 1;
  if (class == NULL || class->type != VF_FACT_STRING) return NULL;
  for (size_t i = 0; i < sizeof draft_classes / sizeof *draft_classes; i++)
    if (strstr(class->as.string, draft_classes[i].word) != NULL) return draft_classes[i].type;
  if (vf_facts_find(f, "draft_vocab_size") != NULL) return "eagle3";
  /* Nobody trains a language model of one layer: the first EAGLE's configs look like that. */
  return one && strcmp(class->as.string, "LlamaForCausalLM") == 0 ? "eagle" : NULL;
}

/* How many hidden states of the model lie side by side in front of a draft. */
uint32_t vf_draft_states(const vf_builder *b) {
  enum { EAGLE = 2, EAGLE3 = 3, DFLASH = 5 };
  static const char *const lists[] = {"dflash_config.target_layer_ids", "target_layer_ids",
                                      "eagle_config.eagle_aux_hidden_state_layer_ids"};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    size_t n = vf_facts_length(b->facts, lists[i]);
    if (n > 0 && n < 64) return (uint32_t)n;
  }
  if (b->arch->traits & VF_TRAIT_NO_EMBD) return DFLASH;
  return b->arch->traits & VF_TRAIT_NO_OUTPUT ? EAGLE : EAGLE3;
}
