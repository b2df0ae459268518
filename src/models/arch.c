/* arch.c - from facts to a model: finding the architecture, then layout, tensors and caches. */
#include "models/arch.h"

#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "base/status.h"
#include "models/builder.h"
#include "models/class_defaults.h"
#include "models/trtllm.h"

enum { TENSORS_PER_LAYER = 48, TENSORS_OUTSIDE = 32, CACHES_PER_LAYER = 4 };

/* ---- Which architecture ----------------------------------------------------------------- */

/* Configs that hold a text model's config inside, and model_types that stand for another one's. */
typedef struct wrapper {
  const char *model_type;
  const char *prefix;    /* of the text model's keys */
  const char *text_type; /* if the inner config names none */
} wrapper;

static const wrapper wrappers[] = {
    {"llava", "text_config.", "llama"},
    {"llava_next", "text_config.", "llama"},
    {"mistral3", "text_config.", "mistral"},
    {"voxtral", "text_config.", "llama"},
    {"ultravox", "text_config.", "llama"},
    {"paligemma", "text_config.", "gemma"},
    {"internvl_chat", "llm_config.", "qwen2"},
    {"gemma3", "text_config.", "gemma3_text"},
    {"gemma3n", "text_config.", "gemma3n_text"},
    {"gemma4", "text_config.", "gemma4_text"},
    {"gemma4_unified", "text_config.", "gemma4_text"},
    {"qwen2_vl", "text_config.", "qwen2_vl_text"},
    {"qwen2_5_vl", "text_config.", "qwen2_vl_text"},
    {"qwen2_5_omni", "thinker_config.text_config.", "qwen2_vl_text"},
    {"qwen3_vl", "text_config.", "qwen3_vl_text"},
    {"qwen3_vl_moe", "text_config.", "qwen3_vl_moe_text"},
    {"qwen3_omni_moe", "thinker_config.text_config.", "qwen3_omni_moe_text"},
    {"qwen3_5", "text_config.", "qwen3_5_text"},
    {"qwen3_5_moe", "text_config.", "qwen3_5_moe_text"},
    {"llama4", "text_config.", "llama4_text"},
    {"mllama", "text_config.", "mllama_text_model"},
    {"kimi_k25", "text_config.", "deepseek_v3"},
    {"kimi_vl", "text_config.", "deepseek_v3"},
    {"kimi_k3", "text_config.", "kimi_linear"},
    {"deepseek_ref", "", "deepseek_v4"},
    {"lfm2_vl", "text_config.", "lfm2"},
    {"llava_onevision", "text_config.", "qwen2"},
    {"internvl", "text_config.", "qwen2"},
    {"idefics3", "text_config.", "llama"},
    {"smolvlm", "text_config.", "llama"},
    {"qwen2_audio", "text_config.", "qwen2"},
    {"glm4v", "text_config.", "glm4v_text"},
    {"glm4v_moe", "text_config.", "glm4v_moe_text"},
    {"phi3_v", "", "phi3"},
    {"phi4mm", "", "phi3"},
    {"phi4_multimodal", "", "phi3"},
    {"qwen2_5_vl_text", "", "qwen2_vl_text"},
    {"qwen2_5_omni_text", "", "qwen2_vl_text"},
    {"gemma4_unified_text", "", "gemma4_text"},
    {"minimax_text_01", "", "minimax"},
    {"minimax_m1", "", "minimax"},
    {"roberta", "", "xlm-roberta"},
    {"muse_glimmer", "text_config.", "muse_glimmer_text"},
    {"glm_ocr", "text_config.", "glm_ocr_text"},
    {"glm46v", "text_config.", "glm4v_text"},
    {"minimax_m3_vl", "text_config.", "minimax_m3"},
    {"minimax_m3_vl_text", "", "minimax_m3"},
    {"minicpmv4_6", "text_config.", "qwen3_5_text"},
    {"minicpmv", "", "qwen2"},
    {"minicpmo", "", "qwen2"},
    {"phi-msft", "", "phi"},
    {"pixtral", "text_config.", "mistral"},
    {"lighton_ocr", "text_config.", "qwen3"},
    {"video_llama_3", "text_config.", "qwen2"},
};

static const wrapper *find_wrapper(const char *type) {
  for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++)
    if (strcmp(wrappers[i].model_type, type) == 0) return &wrappers[i];
  return NULL;
}

static vf_status unknown_arch(const vf_facts *facts, const char *key, const char *type,
                              vf_error *err) {
  vf_name_search search = vf_name_search_for(type);
  size_t n = 0;
  for (; vf_arch_name(n) != NULL; n++) vf_name_search_try(&search, vf_arch_name(n));
  return vf_facts_fail(facts, key, VF_UNSUPPORTED, err,
                       "architecture '%s' is not known, and no other is assumed for it "
                       "(%zu are known%s%s)",
                       type, n, search.best != NULL ? "; the nearest name is " : "",
                       search.best != NULL ? search.best : "");
}

static vf_status find_trtllm_model(const vf_arch **out, vf_facts *view, const vf_facts *facts,
                                   vf_error *err) {
  const char *type;
  vf_status status = vf_trtllm_find(&type, view, facts, err);
  if (status != VF_OK) return status;
  *out = vf_arch_find(type, false);
  return *out != NULL ? VF_OK : unknown_arch(view, "architecture", type, err);
}

/* Follows wrappers to the config of the text model; *view gets its facts. */
static vf_status find_text_model(const vf_arch **out, vf_facts *view, const vf_facts *facts,
                                 vf_error *err) {
  const char *type = vf_facts_string(facts, "model_type", NULL);
  char key[96] = "model_type";
  if (type == NULL)
    return vf_facts_fail(facts, key, VF_MALFORMED, err,
                         "missing: the architecture's name (is this a model's config?)");
  *view = *facts;
  const char *draft = vf_draft_type(facts);
  if (draft != NULL) {
    *out = vf_arch_find(draft, false);
    return *out != NULL ? VF_OK : unknown_arch(facts, "architectures", draft, err);
  }
  for (const wrapper *w = find_wrapper(type); w != NULL; w = find_wrapper(type)) {
    if (w->prefix[0] != '\0') *view = vf_facts_view(facts, w->prefix);
    snprintf(key, sizeof key, "%smodel_type", w->prefix);
    const char *inner = w->prefix[0] != '\0' ? vf_facts_string(facts, key, w->text_type) : NULL;
    type = inner != NULL ? inner : w->text_type;
  }
  if (strcmp(type, "nemotron_h") == 0 && vf_facts_find(view, "n_routed_experts") != NULL)
    type = "nemotron_h_moe";
  *out = vf_arch_find(type, false);
  return *out != NULL ? VF_OK : unknown_arch(facts, key, type, err);
}

const char *vf_arch_gguf(const vf_facts *facts) {
  const vf_arch *arch;
  vf_facts view;
  return find_text_model(&arch, &view, facts, NULL) == VF_OK ? arch->gguf : NULL;
}

/* ---- What stands above the layers ------------------------------------------------------- */

static const struct {
  const char *name;
  vf_format format;
} dtypes[] = {
    {"float32", VF_FORMAT_F32},        {"float16", VF_FORMAT_F16}, {"bfloat16", VF_FORMAT_BF16},
    {"float", VF_FORMAT_F32},          {"half", VF_FORMAT_F16},    {"auto", VF_FORMAT_NONE},
    {"float8_e4m3fn", VF_FORMAT_BF16}, /* its scales and norms are said elsewhere */
};

/* Older configs say torch_dtype, newer ones dtype; a wrapper says it for all. */
static vf_format own_format(vf_builder *b) {
  static const char prefix[] = "torch.";
  const char *key = "torch_dtype";
  const vf_fact *f = vf_facts_find(b->facts, key);
  if (f == NULL) f = vf_facts_find(b->facts, key = "dtype");
  if (f == NULL) return VF_FORMAT_NONE;
  const char *name = f->type == VF_FACT_STRING ? f->as.string : "";
  if (strncmp(name, prefix, sizeof prefix - 1) == 0) name += sizeof prefix - 1;
  for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
    if (strcmp(name, dtypes[i].name) == 0) return dtypes[i].format;
  if (b->status == VF_OK)
    b->status = vf_facts_fail(b->facts, key, VF_MALFORMED, b->err,
                              "is no type of numbers that is known (float32, float16, bfloat16)");
  return VF_FORMAT_NONE;
}

static bool state_in_32_bits(const vf_facts *f) {
  const char *type = vf_facts_string(f, "mamba_ssm_dtype", "");
  return strcmp(vf_facts_string(f, "mamba_ssm_cache_dtype", type), "float32") == 0;
}

static bool is_tied(vf_builder *b) {
  uint32_t traits = b->arch->traits;
  if (traits & VF_TRAIT_TIED_ALWAYS) return true;
  return vf_builder_flag(b, "tie_word_embeddings", (traits & VF_TRAIT_TIED) != 0);
}

static uint32_t count_layers(vf_builder *b) {
  vf_hparams *h = &b->h;
  if (b->arch->traits & VF_TRAIT_ENCODER_DECODER) {
    uint32_t encoder = vf_hparam_need(h, VF_HP_ENC_LAYERS, 0);
    return encoder + vf_hparam_at(h, VF_HP_DEC_LAYERS, 0, encoder);
  }
  b->n_mtp = b->arch->traits & VF_TRAIT_MTP ? vf_hparam_at(h, VF_HP_N_MTP, 0, 0) : 0;
  size_t listed = vf_facts_length(b->facts, "layers_block_type");
  if (!vf_hparam_given(h, VF_HP_N_LAYERS) && listed > 0 && listed <= VF_MAX_LAYERS)
    return (uint32_t)listed + b->n_mtp;
  return vf_hparam_need(h, VF_HP_N_LAYERS, 0) + b->n_mtp;
}

/* Architectures whose graphs llama.cpp itself was asked about, and agrees: tests/oracle. */
static const char *const measured[] = {
#define X(name) name,
#include "models/measured.def"
#undef X
};

static uint32_t measured_flag(const vf_builder *b) {
  for (size_t i = 0; i < sizeof measured / sizeof *measured; i++)
    if (b->arch->gguf != NULL && strcmp(b->arch->gguf, measured[i]) == 0) return VF_MODEL_MEASURED;
  return 0;
}

static uint32_t places_flags(const vf_builder *b) {
  uint32_t traits = b->arch->traits, flags = measured_flag(b);
  if (traits & VF_TRAIT_ENCODER_DECODER) return flags;
  if (traits & VF_TRAIT_POSITIONS) flags |= VF_MODEL_POSITION_EMBD;
  return traits & VF_TRAIT_TYPES ? flags | VF_MODEL_TOKEN_TYPES : flags;
}

/* partial_rotary_factor, in thousandths. */
static uint32_t rotated_permille(const vf_builder *b) {
  static const char *const keys[] = {"partial_rotary_factor",
                                     "rope_parameters.partial_rotary_factor"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const vf_fact *f = vf_facts_find(b->facts, keys[i]);
    if (f != NULL && f->type == VF_FACT_FLOAT && f->as.real > 0.0 && f->as.real < 1.0)
      return (uint32_t)(f->as.real * 1000.0 + 0.5);
  }
  return 0;
}

static void describe(vf_builder *b) {
  vf_model *m = b->m;
  m->rotated_permille = rotated_permille(b);
  snprintf(m->arch, sizeof m->arch, "%s", b->arch->gguf != NULL ? b->arch->gguf : "");
  snprintf(m->type, sizeof m->type, "%s", b->arch->model_type);
  m->n_embd = vf_hparam_need(&b->h, VF_HP_N_EMBD, 0);
  m->n_vocab = vf_hparam_need(&b->h, VF_HP_N_VOCAB, 0);
  m->max_ctx_tokens = vf_hparam_at(&b->h, VF_HP_CTX, 0, 0);
  m->stretch = vf_builder_stretch(b);
  m->own_format = own_format(b);
  m->flags = b->arch->model_flags | places_flags(b);
  if (b->arch->traits & VF_TRAIT_WINDOW_UNUSED) m->flags |= VF_MODEL_WINDOW_UNUSED;
  if (state_in_32_bits(b->facts)) m->flags |= VF_MODEL_STATE_F32;
  m->tied = is_tied(b);
  m->n_predicting = b->n_mtp != 0 ? 0 : vf_hparam_at(&b->h, VF_HP_N_MTP, 0, 0);
}

/* ---- Building --------------------------------------------------------------------------- */

static void take_failure(vf_builder *b) {
  if (b->status == VF_OK) b->status = b->h.status;
}

static void fill(vf_builder *b) {
  describe(b);
  take_failure(b);
  if (b->status == VF_OK) vf_layout(b);
  take_failure(b);
  if (b->status == VF_OK) vf_emit(b);
  if (b->status == VF_OK) vf_towers_emit(b, &b->towers);
  take_failure(b);
  if (b->status != VF_OK) return;
  vf_model_make_caches(b->m);
  b->status = vf_model_finish(b->m, b->err);
}

/* A model of so many layers and tensors, empty. */
static vf_status begin(vf_builder *b, uint32_t layers, size_t tensors, vf_error *err) {
  const vf_allocator *allocator = vf_arena_allocator(b->facts->arena);
  b->tensor_capacity = tensors;
  vf_status status =
      vf_model_new(&b->m, allocator, tensors, layers, (size_t)layers * CACHES_PER_LAYER, err);
  if (status == VF_OK) b->m->n_layers = layers;
  return status;
}

static vf_status finish(vf_builder *b, vf_model **out) {
  if (b->status == VF_OK)
    *out = b->m;
  else
    vf_model_free(b->m);
  return b->status;
}

static void say_what_was_taken(const vf_builder *b, bool defaults) {
  if (defaults)
    vf_model_assume(b->m, "class-defaults",
                    "sizes that the config leaves out are transformers' for its class");
  if (b->arch->traits & VF_TRAIT_DRAFT)
    vf_model_assume(b->m, "draft", "is a draft: it guesses for another model, and needs that one");
}

vf_status vf_arch_build(vf_model **out, const vf_facts *facts, vf_error *err) {
  vf_facts view;
  vf_builder b = {.facts = &view, .err = err};
  b.trtllm = vf_trtllm_recognize(facts);
  vf_status status = b.trtllm ? find_trtllm_model(&b.arch, &view, facts, err)
                              : find_text_model(&b.arch, &view, facts, err);
  if (status != VF_OK) return status;
  bool defaults = false;
  if (!b.trtllm) status = vf_class_defaults(&view, &defaults, b.arch->model_type, err);
  if (status != VF_OK) return status;
  vf_hparams_find(&b.h, &view, false, err);
  uint32_t layers = count_layers(&b);
  if (b.h.status != VF_OK) return b.h.status;
  status = vf_towers_find(&b.towers, facts, err);
  if (status != VF_OK) return status;
  size_t tensors = (size_t)layers * TENSORS_PER_LAYER + TENSORS_OUTSIDE + b.towers.tensors;
  status = begin(&b, layers, tensors, err);
  if (status != VF_OK) return status;
  fill(&b);
  if (b.trtllm && b.status == VF_OK) vf_trtllm_assume(b.m, &view);
  if (b.status == VF_OK) say_what_was_taken(&b, defaults);
  return finish(&b, out);
}

/* ---- GGUF files ------------------------------------------------------------------------- */

static vf_status find_file_arch(const vf_arch **out, const vf_facts *facts, vf_error *err) {
  const char *name = vf_facts_string(facts, "general.architecture", NULL);
  if (name == NULL)
    return vf_fail_at(err, VF_MALFORMED, facts->source, "general.architecture",
                      "missing: the architecture's name (is this a model file?)");
  *out = vf_arch_find(name, true);
  if (*out != NULL) return VF_OK;
  return vf_fail_at(err, VF_UNSUPPORTED, facts->source, "general.architecture",
                    "architecture '%s' is not known, and no other is assumed for it", name);
}

/* The vocabulary may be said by its own key, by the list of tokens, or by the embedding alone. */
static uint64_t file_vocabulary(vf_builder *b, const vf_facts *facts) {
  const vf_fact *f = vf_facts_find(facts, "tokenizer.ggml.tokens.length");
  if (vf_hparam_given(&b->h, VF_HP_N_VOCAB)) return vf_hparam_at(&b->h, VF_HP_N_VOCAB, 0, 0);
  if (f != NULL && f->type == VF_FACT_INT && f->as.integer > 0) return (uint64_t)f->as.integer;
  for (size_t i = 0; i < b->m->n_tensors; i++)
    if (b->m->tensors[i].role == VF_ROLE_TOKEN_EMBD) return vf_tensor_rows(&b->m->tensors[i]);
  return 0;
}

/* LFM2 calls its output norm after the embedding. */
static void rename_output_norm(vf_model *m) {
  vf_tensor *embd_norm = NULL;
  for (size_t i = 0; i < m->n_tensors; i++) {
    if (m->tensors[i].role == VF_ROLE_OUTPUT_NORM) return;
    if (m->tensors[i].role == VF_ROLE_TOKEN_EMBD_NORM) embd_norm = &m->tensors[i];
  }
  if (embd_norm != NULL) embd_norm->role = VF_ROLE_OUTPUT_NORM;
}

static bool has_output(const vf_model *m) {
  for (size_t i = 0; i < m->n_tensors; i++)
    if (m->tensors[i].role == VF_ROLE_OUTPUT) return true;
  return false;
}

/* What the header says about the whole network: how an encoder pools (llama.h,
 * llama_pooling_type), and whether places have sections. */
static uint32_t file_flags(vf_builder *b) {
  enum { POOL_NONE = 0, POOL_MEAN = 1 };
  uint32_t flags = places_flags(b);
  const vf_fact *pooling = vf_facts_find(b->facts, "pooling_type");
  if (pooling != NULL && pooling->type == VF_FACT_INT && pooling->as.integer != POOL_NONE)
    flags |= pooling->as.integer == POOL_MEAN ? VF_MODEL_POOL_MEAN : VF_MODEL_POOL_ROWS;
  bool sections = vf_facts_length(b->facts, "rope.dimension_sections") > 0;
  if ((b->arch->traits & VF_TRAIT_SECTIONS) && sections) flags |= VF_MODEL_MROPE;
  return flags;
}

static void describe_file(vf_builder *b, const vf_facts *facts) {
  vf_model *m = b->m;
  snprintf(m->arch, sizeof m->arch, "%s", b->arch->gguf);
  snprintf(m->type, sizeof m->type, "%s",
           b->arch->model_type != NULL ? b->arch->model_type : b->arch->gguf);
  m->n_embd = vf_hparam_need(&b->h, VF_HP_N_EMBD, 0);
  m->n_vocab = file_vocabulary(b, facts);
  m->max_ctx_tokens = vf_hparam_need(&b->h, VF_HP_CTX, 0);
  m->flags = b->arch->model_flags;
  if (b->arch->traits & VF_TRAIT_WINDOW_UNUSED) m->flags |= VF_MODEL_WINDOW_UNUSED;
  m->flags |= file_flags(b);
  m->from_file = true;
  m->tied = !has_output(m);
  if ((m->flags & VF_MODEL_ENCODER) == 0) rename_output_norm(m);
}

/* Of an architecture with tables of its own all names are known: llama.cpp counts the tensors that
 * it asks for, and refuses a file that has others ("wrong number of tensors"). */
static void note_strangers(vf_builder *b, const vf_inventory *inv) {
  if (b->arch->model_type == NULL || inv->n_unknown == 0) return;
  b->m->flags |= VF_MODEL_STRANGE_TENSORS;
  vf_model_assume(
      b->m, "strange-tensors",
      "the file has tensors that no llama.cpp known here asks for, which refuses such a "
      "file (vramfit inspect FILE names one)");
}

static void fill_from_file(vf_builder *b, const vf_facts *facts, const vf_inventory *inv) {
  vf_model *m = b->m;
  if (inv->count > 0) memcpy(m->tensors, inv->tensors, inv->count * sizeof *m->tensors);
  m->n_tensors = inv->count;
  describe_file(b, facts);
  note_strangers(b, inv);
  take_failure(b);
  if (b->status == VF_OK) vf_look_at_tensors(b);
  if (b->status == VF_OK) vf_layout(b);
  take_failure(b);
  if (b->status != VF_OK) return;
  vf_model_make_caches(m);
  b->status = vf_model_finish(m, b->err);
  if (b->status == VF_OK) vf_check_whole(b);
}

/* Lists have a value for every layer: llama.cpp refuses longer ones, too (get_key_or_arr). */
static void check_lists(vf_hparams *h, uint32_t layers) {
  static const vf_hparam listed[] = {VF_HP_N_HEADS, VF_HP_N_KV_HEADS, VF_HP_N_FF};
  for (size_t i = 0; i < sizeof listed / sizeof *listed; i++) {
    const vf_fact *f = h->fact[listed[i]];
    if (f != NULL && f->type == VF_FACT_ARRAY && f->as.array.count > layers)
      vf_hparam_fail(h, listed[i], VF_MALFORMED, "the list has %zu values, but there are %u layers",
                     f->as.array.count, layers);
  }
}

vf_status vf_arch_build_file(vf_model **out, const vf_facts *facts, const vf_inventory *inv,
                             vf_error *err) {
  char prefix[48];
  vf_facts view;
  vf_builder b = {.facts = &view, .inv = inv, .err = err, .gguf = true};
  vf_status status = find_file_arch(&b.arch, facts, err);
  if (status != VF_OK) return status;
  snprintf(prefix, sizeof prefix, "%s.", b.arch->gguf);
  view = vf_facts_view(facts, prefix);
  view.strict = view.dotted = true;
  vf_hparams_find(&b.h, &view, true, err);
  uint32_t layers = vf_hparam_need(&b.h, VF_HP_N_LAYERS, 0);
  b.n_mtp = vf_hparam_at(&b.h, VF_HP_N_MTP, 0, 0);
  check_lists(&b.h, layers);
  if (b.h.status != VF_OK) return b.h.status;
  status = begin(&b, layers, inv->count, err);
  if (status != VF_OK) return status;
  fill_from_file(&b, facts, inv);
  return finish(&b, out);
}
