/* tower_table.c - the kinds of towers that vramfit knows, and the models that have them.
 *
 * Source: transformers' modeling and configuration files, and those published with InternVL, Kimi
 * and Phi-3.  A model_type may name different towers in different models, and a tower leads into
 * different models in different ways: hence two tables. */
#include "models/tower.h"

#define ONCE(id)                                                                                   \
  { VF_TOWER_GROUP_##id, VF_TOWER_ONE }
#define TIMES(id, count)                                                                           \
  { VF_TOWER_GROUP_##id, VF_TOWER_##count }
#define VIT_BLOCKS TIMES(VIT_BLOCK, LAYERS), ONCE(VIT_END)
#define SIGLIP                                                                                     \
  { ONCE(SIGLIP_STEM), VIT_BLOCKS, ONCE(SIGLIP_HEAD) }
#define QWEN2                                                                                      \
  { ONCE(QWEN_STEM), TIMES(QWEN_BLOCK, LAYERS), TIMES(QWEN2_BLOCK, LAYERS), ONCE(QWEN2_MERGER) }
#define QWEN25                                                                                     \
  { ONCE(QWEN_STEM), TIMES(QWEN_BLOCK, LAYERS), TIMES(QWEN25_BLOCK, LAYERS), ONCE(QWEN25_MERGER) }
#define QWEN3                                                                                      \
  {                                                                                                \
    ONCE(QWEN3_STEM), TIMES(QWEN_BLOCK, LAYERS), TIMES(QWEN3_BLOCK, LAYERS), ONCE(QWEN3_MERGER),   \
        TIMES(QWEN3_DEEPSTACK, DEEPSTACK)                                                          \
  }
#define INTERN                                                                                     \
  { ONCE(INTERN_STEM), TIMES(INTERN_BLOCK, LAYERS) }
#define GLM                                                                                        \
  { ONCE(GLM_STEM), TIMES(GLM_BLOCK, LAYERS), ONCE(GLM_END) }
#define MOON                                                                                       \
  { ONCE(MOON_STEM), TIMES(MOON_BLOCK, LAYERS), ONCE(MOON_END) }
#define WHISPER                                                                                    \
  { ONCE(WHISPER_STEM), ONCE(WHISPER_PLACES), TIMES(WHISPER_BLOCK, LAYERS), ONCE(WHISPER_END) }

/* 16,384 tokens of four patches: the largest image of Qwen's processors (longest_edge 12,845,056
 * and 16,777,216 pixels). */
enum { QWEN_PATCHES = 65536 };

static const vf_tower_kind kinds[] = {
    {"siglip_vision_model", false, SIGLIP},
    {"siglip2_vision_model", false, {ONCE(SIGLIP2_STEM), VIT_BLOCKS, ONCE(SIGLIP_HEAD)}},
    {"idefics3_vision", false, {ONCE(SIGLIP_STEM), VIT_BLOCKS}},
    {"smolvlm_vision", false, {ONCE(SIGLIP_STEM), VIT_BLOCKS}},
    {"clip_vision_model", false, {ONCE(CLIP_STEM), VIT_BLOCKS}},
    {"pixtral", false, {ONCE(PIXTRAL_STEM), TIMES(PIXTRAL_BLOCK, LAYERS)}},
    {"qwen2_vl", false, QWEN2, QWEN_PATCHES, 7 * QWEN_PATCHES},
    {"qwen2_vl_vision", false, QWEN2, QWEN_PATCHES, 7 * QWEN_PATCHES},
    {"qwen2_5_vl", false, QWEN25, QWEN_PATCHES, 7 * QWEN_PATCHES},
    {"qwen2_5_vl_vision", false, QWEN25, QWEN_PATCHES, 7 * QWEN_PATCHES},
    {"qwen2_5_omni_vision_encoder", false, QWEN25, QWEN_PATCHES, 7 * QWEN_PATCHES},
    {"qwen3_vl", false, QWEN3, QWEN_PATCHES, QWEN_PATCHES},
    {"qwen3_vl_vision", false, QWEN3, QWEN_PATCHES, QWEN_PATCHES},
    {"qwen3_vl_moe", false, QWEN3, QWEN_PATCHES, QWEN_PATCHES},
    {"qwen3_vl_moe_vision", false, QWEN3, QWEN_PATCHES, QWEN_PATCHES},
    {"qwen3_omni_moe_vision_encoder", false, QWEN3, QWEN_PATCHES, QWEN_PATCHES},
    {"qwen3_5", false, QWEN3, QWEN_PATCHES, QWEN_PATCHES},
    {"qwen3_5_vision", false, QWEN3, QWEN_PATCHES, QWEN_PATCHES},
    {"qwen3_5_moe", false, QWEN3, QWEN_PATCHES, QWEN_PATCHES},
    {"qwen3_5_moe_vision", false, QWEN3, QWEN_PATCHES, QWEN_PATCHES},
    {"glm4v", false, GLM},
    {"glm4v_vision", false, GLM},
    {"glm4v_moe", false, GLM},
    {"glm4v_moe_vision", false, GLM},
    {"intern_vit_6b", false, INTERN},
    {"internvl_vision", false, INTERN},
    {"llama4_vision_model",
     false,
     {ONCE(LLAMA4_STEM), TIMES(LLAMA4_BLOCK, LAYERS), ONCE(LLAMA4_END)}},
    {"mllama_vision_model",
     false,
     {ONCE(MLLAMA_STEM), TIMES(MLLAMA_BLOCK, LAYERS), TIMES(MLLAMA_GLOBAL, GLOBAL)}},
    {"moonvit", false, MOON},
    {"kimi_k25_vision", false, MOON},
    {"gemma4_vision",
     false,
     {ONCE(GEMMA4_STEM), TIMES(GEMMA4_BLOCK, LAYERS)},
     .patches = 32 * 70 * 9, /* a video: 32 frames of 70 tokens, each of 3 x 3 patches, */
     .video_patches = 32 * 70 * 9,
     .tokens = 32 * 78}, /* and what marks their time (vLLM, gemma4_mm.py) */
    {"gemma4_audio",
     false,
     {ONCE(CONFORMER_STEM), TIMES(CONFORMER_BLOCK, LAYERS), ONCE(CONFORMER_END)}},
    {"gemma4_unified_vision", false, {ONCE(UNIFIED)}},
    {"gemma4_unified_audio", false, {{0, 0}}}, /* frames of sound go straight to what leads on */
    {"phi4_multimodal_vision", false, SIGLIP},
    {"phi4_multimodal_audio", false, {ONCE(PHI4_STEM), TIMES(PHI4_BLOCK, LAYERS)}},
    {"muse_glimmer_vision",
     true,
     {ONCE(SIGLIP_STEM), VIT_BLOCKS}},  /* its projector is not counted */
    {"gemma3n_vision", true, {{0, 0}}}, /* a MobileNet: its blocks are listed in no config */
    {"gemma3n_audio", false, {ONCE(CONFORMER_STEM), TIMES(CONFORMER_BLOCK, LAYERS)}},
    {"qwen2_audio_encoder", false, WHISPER},
    {"voxtral_encoder", false, WHISPER},
    {"whisper", false, WHISPER},
    {"qwen2_5_omni_audio_encoder",
     false,
     {ONCE(WHISPER_STEM), TIMES(WHISPER_BLOCK, LAYERS), ONCE(OMNI25_END)}},
    {"qwen3_omni_moe_audio_encoder",
     false,
     {ONCE(OMNI3_STEM), TIMES(WHISPER_BLOCK, LAYERS), TIMES(OMNI3_BLOCK, LAYERS), ONCE(OMNI3_END)}},
};

/* Phi-3 names the tower by its checkpoint alone: CLIP L/14 at 336 pixels. */
static const vf_tower_known clip_large_336[] = {
    {VF_TOWER_WIDTH, 1024}, {VF_TOWER_LAYERS, 24}, {VF_TOWER_HEADS, 16}, {VF_TOWER_FF, 4096},
    {VF_TOWER_IMAGE, 336},  {VF_TOWER_PATCH, 14},  {VF_TOWER_ONE, 0}};

/* Nor does the fourth Phi: SigLIP at 448 pixels. */
static const vf_tower_known siglip_448[] = {
    {VF_TOWER_WIDTH, 1152}, {VF_TOWER_LAYERS, 27}, {VF_TOWER_HEADS, 16}, {VF_TOWER_FF, 4304},
    {VF_TOWER_IMAGE, 448},  {VF_TOWER_PATCH, 14},  {VF_TOWER_ONE, 0}};

#define LEADS(id)                                                                                  \
  { VF_TOWER_GROUP_##id, VF_TOWER_GROUP_NONE }
#define NO_LEADS                                                                                   \
  { VF_TOWER_GROUP_NONE, VF_TOWER_GROUP_NONE }
#define NEXT                                                                                       \
  { VF_TOWER_GROUP_TWO_LINEAR, VF_TOWER_GROUP_NEWLINE }
#define VISION  "vision_config."
#define AUDIO   "audio_config."
#define THINKER "thinker_config."

static const vf_tower_front fronts[] = {
    {"llava", VISION, "clip_vision_model", "vision_tower.", LEADS(TWO_LINEAR), NULL},
    {"llava_next", VISION, "clip_vision_model", "vision_tower.", NEXT, NULL},
    {"llava_onevision", VISION, "siglip_vision_model", "vision_tower.", NEXT, NULL},
    {"mistral3", VISION, "pixtral", "vision_tower.", LEADS(MISTRAL3_FRONT), NULL},
    {"voxtral", AUDIO, "voxtral_encoder", "audio_tower.", LEADS(VOXTRAL_FRONT), NULL},
    {"ultravox", AUDIO, "whisper", "audio_tower.", LEADS(ULTRAVOX_FRONT), NULL},
    {"paligemma", VISION, "siglip_vision_model", "vision_tower.", LEADS(ONE_LINEAR), NULL},
    {"gemma3", VISION, "siglip_vision_model", "vision_tower.", LEADS(GEMMA3_FRONT), NULL},
    {"gemma3n", VISION, "gemma3n_vision", "vision_tower.", LEADS(GEMMA3N_FRONT), NULL},
    {"gemma3n", AUDIO, "gemma3n_audio", "audio_tower.", LEADS(GEMMA3N_SOUND), NULL},
    {"gemma4", VISION, "gemma4_vision", "vision_tower.", LEADS(GEMMA4_FRONT), NULL},
    {"gemma4", AUDIO, "gemma4_audio", "audio_tower.", LEADS(GEMMA4_SOUND), NULL},
    {"idefics3", VISION, "idefics3_vision", "", LEADS(IDEFICS3_FRONT), NULL},
    {"smolvlm", VISION, "smolvlm_vision", "", LEADS(IDEFICS3_FRONT), NULL},
    {"lfm2_vl", VISION, "siglip2_vision_model", "vision_tower.", LEADS(LFM2_FRONT), NULL},
    {"phi3_v", "img_processor.", NULL, "vision_embed_tokens.img_processor.", LEADS(PHI3_FRONT),
     clip_large_336},
    {"phi4mm", "embd_layer.image_embd_layer.", "phi4_multimodal_vision",
     "embed_tokens_extend.image_embed.img_processor.", LEADS(PHI4_FRONT), siglip_448},
    {"phi4mm", "audio_processor.config.", "phi4_multimodal_audio",
     "embed_tokens_extend.audio_embed.encoder.", LEADS(PHI4_SOUND), NULL},
    {"phi4_multimodal", VISION, "phi4_multimodal_vision",
     "embed_tokens_extend.image_embed.img_processor.", LEADS(PHI4_FRONT), siglip_448},
    {"phi4_multimodal", AUDIO, "phi4_multimodal_audio", "embed_tokens_extend.audio_embed.encoder.",
     LEADS(PHI4_SOUND), NULL},
    {"gemma4_unified", VISION, "gemma4_unified_vision", "", LEADS(UNIFIED_FRONT), NULL},
    {"gemma4_unified", AUDIO, "gemma4_unified_audio", "", LEADS(GEMMA4_SOUND), NULL},
    {"muse_glimmer", VISION, "muse_glimmer_vision", "vision_tower.", NO_LEADS, NULL},
    {"internvl_chat", VISION, "intern_vit_6b", "vision_model.", LEADS(INTERN_FRONT), NULL},
    {"internvl", VISION, "internvl_vision", "vision_tower.", LEADS(INTERN_FRONT), NULL},
    {"qwen2_vl", VISION, "qwen2_vl", "visual.", NO_LEADS, NULL},
    {"qwen2_5_vl", VISION, "qwen2_5_vl", "visual.", NO_LEADS, NULL},
    {"qwen2_5_omni", THINKER VISION, "qwen2_5_omni_vision_encoder", "visual.", NO_LEADS, NULL},
    {"qwen2_5_omni", THINKER AUDIO, "qwen2_5_omni_audio_encoder", "audio_tower.", NO_LEADS, NULL},
    {"qwen3_vl", VISION, "qwen3_vl", "visual.", NO_LEADS, NULL},
    {"qwen3_vl_moe", VISION, "qwen3_vl_moe", "visual.", NO_LEADS, NULL},
    {"qwen3_omni_moe", THINKER VISION, "qwen3_omni_moe_vision_encoder", "visual.", NO_LEADS, NULL},
    {"qwen3_omni_moe", THINKER AUDIO, "qwen3_omni_moe_audio_encoder", "audio_tower.", NO_LEADS,
     NULL},
    {"qwen3_5", VISION, "qwen3_5", "visual.", NO_LEADS, NULL},
    {"qwen3_5_moe", VISION, "qwen3_5_moe", "visual.", NO_LEADS, NULL},
    {"qwen2_audio", AUDIO, "qwen2_audio_encoder", "audio_tower.", LEADS(ONE_LINEAR), NULL},
    {"glm4v", VISION, "glm4v", "visual.", NO_LEADS, NULL},
    {"glm4v_moe", VISION, "glm4v_moe", "visual.", NO_LEADS, NULL},
    {"llama4", VISION, "llama4_vision_model", "vision_model.", LEADS(LLAMA4_FRONT), NULL},
    {"mllama", VISION, "mllama_vision_model", "vision_model.", LEADS(MLLAMA_FRONT), NULL},
    {"kimi_k25", VISION, "kimi_k25_vision", "vision_tower.", LEADS(MOON_FRONT), NULL},
    {"kimi_vl", VISION, "moonvit", "vision_tower.", LEADS(KIMI_VL_FRONT), NULL},
};

_Static_assert(sizeof fronts / sizeof *fronts < UINT8_MAX, "a tensor has one byte for the row");

const vf_tower_kind *vf_tower_kind_get(size_t i) {
  return i < sizeof kinds / sizeof *kinds ? &kinds[i] : NULL;
}

const vf_tower_front *vf_tower_front_get(size_t i) {
  return i < sizeof fronts / sizeof *fronts ? &fronts[i] : NULL;
}
