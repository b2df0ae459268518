/* trtllm.c - from TensorRT-LLM's architectures to the model_types that everything else knows.
 *
 * Source: TensorRT-LLM, tensorrt_llm/models/__init__.py (MODEL_MAP), the config.py of each model,
 * and docs/source/architecture/checkpoint.md. */
#include "models/trtllm.h"

#include <string.h>

/* ---- Architectures ---------------------------------------------------------------------- */

/* Several models share an architecture and tell themselves apart by a word. */
typedef struct row {
  const char *architecture;
  const char *key, *word; /* NULL: any */
  const char *model_type;
} row;

static const row rows[] = {
    {"LlamaForCausalLM", NULL, NULL, "llama"},
    {"ExaoneForCausalLM", NULL, NULL, "exaone"},
    {"MistralForCausalLM", NULL, NULL, "mistral"},
    {"MixtralForCausalLM", NULL, NULL, "mixtral"},
    {"GraniteForCausalLM", NULL, NULL, "granite"},
    {"GraniteMoeForCausalLM", NULL, NULL, "granitemoe"},
    {"InternLMForCausalLM", NULL, NULL, "internlm"},
    {"InternLM2ForCausalLM", NULL, NULL, "internlm2"},
    {"BaichuanForCausalLM", NULL, NULL, "baichuan"},
    {"BaiChuanForCausalLM", NULL, NULL, "baichuan"},
    {"QWenLMHeadModel", NULL, NULL, "qwen"},
    {"QWenForCausalLM", "qwen_type", "qwen", "qwen"},
    {"QWenForCausalLM", "qwen_type", "qwen2", "qwen2"},
    {"QWenForCausalLM", "qwen_type", "qwen2_moe", "qwen2_moe"},
    {"QWenForCausalLM", "qwen_type", "qwen3", "qwen3"},
    {"QWenForCausalLM", "qwen_type", "qwen3_moe", "qwen3_moe"},
    {"Qwen2ForCausalLM", NULL, NULL, "qwen2"},
    {"Qwen2MoeForCausalLM", NULL, NULL, "qwen2_moe"},
    {"Qwen3ForCausalLM", NULL, NULL, "qwen3"},
    {"Qwen3MoeForCausalLM", NULL, NULL, "qwen3_moe"},
    {"GemmaForCausalLM", NULL, NULL, "gemma"},
    {"Gemma2ForCausalLM", NULL, NULL, "gemma2"},
    {"Gemma3ForCausalLM", NULL, NULL, "gemma3_text"},
    {"PhiForCausalLM", NULL, NULL, "phi"},
    {"Phi3ForCausalLM", NULL, NULL, "phi3"},
    {"PhiMoEForCausalLM", NULL, NULL, "phimoe"},
    {"GPTForCausalLM", "gpt_variant", "gpt2", "gpt2"},
    {"GPTForCausalLM", "gpt_variant", "starcoder", "gpt_bigcode"},
    {"GPTForCausalLM", "gpt_variant", "starcoder2", "starcoder2"},
    {"GPTForCausalLM", "gpt_variant", "nemotron", "nemotron"},
    {"GPTJForCausalLM", NULL, NULL, "gptj"},
    {"GPTNeoXForCausalLM", NULL, NULL, "gpt_neox"},
    {"BloomForCausalLM", NULL, NULL, "bloom"},
    {"OPTForCausalLM", NULL, NULL, "opt"},
    {"MPTForCausalLM", NULL, NULL, "mpt"},
    {"FalconForCausalLM", NULL, NULL, "falcon"},
    {"ChatGLMForCausalLM", "chatglm_version", "chatglm2", "chatglm"},
    {"ChatGLMForCausalLM", "chatglm_version", "chatglm3", "chatglm"},
    {"ChatGLMForCausalLM", "chatglm_version", "glm4", "chatglm"},
    {"CohereForCausalLM", NULL, NULL, "cohere"},
    {"DbrxForCausalLM", NULL, NULL, "dbrx"},
    {"Grok1ModelForCausalLM", NULL, NULL, "grok-1"},
    {"DeepseekForCausalLM", NULL, NULL, "deepseek"},
    {"DeepseekV2ForCausalLM", NULL, NULL, "deepseek_v2"},
    {"DeepseekV3ForCausalLM", NULL, NULL, "deepseek_v3"},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

static const char below[] = "pretrained_config.";

bool vf_trtllm_recognize(const vf_facts *facts) {
  const vf_facts engine = vf_facts_view(facts, below);
  return vf_facts_find(facts, "model_type") == NULL &&
         vf_facts_string(&engine, "architecture", NULL) != NULL;
}

static vf_status unknown_word(const vf_facts *view, const row *first, vf_error *err) {
  const char *word = vf_facts_string(view, first->key, NULL);
  if (word == NULL)
    return vf_facts_fail(view, first->key, VF_MALFORMED, err,
                         "missing: which of the models of architecture '%s' it is",
                         first->architecture);
  return vf_facts_fail(view, first->key, VF_UNSUPPORTED, err,
                       "'%s' of architecture '%s' is not known, and no other is assumed for it",
                       word, first->architecture);
}

vf_status vf_trtllm_find(const char **model_type, vf_facts *view, const vf_facts *facts,
                         vf_error *err) {
  *view = vf_facts_any(facts, below) ? vf_facts_view(facts, below) : *facts;
  const char *name = vf_facts_string(view, "architecture", "");
  const row *first = NULL;
  for (size_t i = 0; i < N_ROWS; i++) {
    if (strcmp(rows[i].architecture, name) != 0) continue;
    if (first == NULL) first = &rows[i];
    if (rows[i].key != NULL && strcmp(vf_facts_string(view, rows[i].key, ""), rows[i].word) != 0)
      continue;
    *model_type = rows[i].model_type;
    return VF_OK;
  }
  if (first != NULL) return unknown_word(view, first, err);
  return vf_facts_fail(view, "architecture", VF_UNSUPPORTED, err,
                       "TensorRT-LLM architecture '%s' is not known, and no other is assumed for "
                       "it",
                       name);
}

/* ---- What else it states ---------------------------------------------------------------- */

const char *vf_trtllm_flag(const char *key) {
  static const char *const flags[][2] = {
      {"tie_word_embeddings", "share_embedding_table"},
      {"attention_bias", "attn_bias"},
      {"parallel_attn", "parallel_attention"},
  };
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (strcmp(flags[i][0], key) == 0) return flags[i][1];
  return NULL;
}

void vf_trtllm_assume(vf_model *m, const vf_facts *view) {
  const vf_fact *ranks = vf_facts_find(view, "mapping.world_size");
  if (ranks != NULL && ranks->type == VF_FACT_INT && ranks->as.integer > 1)
    vf_model_assume(m, "ranks", "the config is of several ranks: its sizes are the whole model's");
  if (vf_facts_string(view, "quantization.kv_cache_quant_algo", NULL) != NULL)
    vf_model_assume(m, "kv-stated",
                    "the config states a quantized KV cache: here --kv says how it is stored");
}
