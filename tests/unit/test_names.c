/* test_names.c - what people type, and what it means: model, format, engine. */
#include "support.h"

#include <stdio.h>

#include "core/model.h"
#include "readers/name/find_model.h"

static vf_context *ctx;

static int open_context(void **state) {
  (void)state;
  return vf_context_new(&ctx, NULL, NULL) != VF_OK;
}

static int close_context(void **state) {
  (void)state;
  vf_context_free(ctx);
  return 0;
}

/* "": the engine that loads the format. */
static void means(const char *typed, const char *id, const char *format, const char *engine) {
  vf_model *m;
  vf_error e;
  if (vf_model_open(&m, ctx, typed, NULL, NULL, &e) != VF_OK) fail_msg("%s: %s", typed, e.message);
  if (strcmp(m->id, id) != 0) fail_msg("%s is %s, not %s", typed, m->id, id);
  if (strcmp(m->quant, format) != 0) fail_msg("%s is in %s, not %s", typed, m->quant, format);
  if (strcmp(m->engine, engine) != 0) fail_msg("%s is for '%s'", typed, m->engine);
  vf_model_free(m);
}

static void means_nothing(const char *typed) {
  vf_model *m;
  if (vf_model_open(&m, ctx, typed, NULL, NULL, NULL) != VF_UNKNOWN) fail_msg("%s is known", typed);
}

/* "deepseek-v2" is another model at Ollama than the repository of that name. */
static void repositories_are_no_tags(void **state) {
  (void)state;
  means("deepseek-v2", "deepseek-v2-lite-16b", "Q4_0", "");
  means("deepseek-ai/DeepSeek-V2", "deepseek-v2-236b", "BF16", "");
  means("unsloth/DeepSeek-R1-GGUF", "deepseek-r1-671b", "Q4_K_M", "llama.cpp");
}

static void names_of_gguf_files_mean_files(void **state) {
  (void)state;
  means("unsloth/Qwen3-8B-GGUF:Q4_K_M", "qwen3-8b", "Q4_K_M", "llama.cpp");
  means("unsloth/Qwen3-8B-GGUF:UD-Q4_K_XL", "qwen3-8b", "UD-Q4_K_XL", "llama.cpp");
  means("unsloth/Qwen3-8B-GGUF", "qwen3-8b", "Q4_K_M", "llama.cpp");
  means("hf.co/bartowski/Qwen_Qwen3-8B-GGUF:Q6_K", "qwen3-8b", "Q6_K", "llama.cpp");
  means("https://huggingface.co/Qwen/Qwen3-8B-GGUF/resolve/main/Qwen3-8B-Q5_0.gguf", "qwen3-8b",
        "Q5_0", "llama.cpp");
  means("bartowski/Qwen3-8B-GGUF:Qwen3-8B-Q8_0.gguf", "qwen3-8b", "Q8_0", "llama.cpp");
  means("Qwen3-8B-Q4_K_M.gguf", "qwen3-8b", "Q4_K_M", "llama.cpp");
  means("Qwen3-30B-A3B-Q4_K_M-00001-of-00002.gguf", "qwen3-30b-a3b", "Q4_K_M", "llama.cpp");
  means("qwen3-8b:q4_k_m", "qwen3-8b", "Q4_K_M", "ollama");
  means("lmstudio-community/gemma-3-27b-it-GGUF", "gemma3-27b", "Q4_K_M", "llama.cpp");
  means("ai/qwen3:8B-Q4_0", "qwen3-8b", "Q4_0", "llama.cpp");
  means("hf.co/unsloth/Qwen3-8B-GGUF/UD", "qwen3-8b", "Q4_K_M", "llama.cpp");
}

static void tags_of_ollama_mean_their_files(void **state) {
  (void)state;
  means("qwen3:8b", "qwen3-8b", "Q4_K_M", "ollama");
  means("ollama://qwen3:8b", "qwen3-8b", "Q4_K_M", "ollama");
  means("llama3.2:1b", "llama3.2-1b", "Q8_0", "ollama");
  means("llama3:70b-instruct", "llama3-70b", "Q4_0", "ollama");
  means("llama3.1:8b-instruct-q8_0", "llama3.1-8b", "Q8_0", "ollama");
  means("deepseek-v3:671b", "deepseek-v3-671b", "Q4_K_M", "ollama");
  means("dolphin-mixtral:8x7b-v2.7-q5_0", "dolphin-mixtral-8x7b", "Q5_0", "ollama");
  means("xwinlm:13b-v0.2", "xwinlm-13b", "Q4_0", "ollama");
}

static void families_without_a_size_mean_the_latest(void **state) {
  (void)state;
  means("deepseek-r1", "deepseek-r1-0528-qwen3-8b", "Q4_K_M", "");
  means("llama3", "llama3-8b", "Q4_0", "");
  means("qwen3", "qwen3-8b", "Q4_K_M", "");
}

static void a_size_is_checked_against_the_parameters(void **state) {
  (void)state;
  means("deepseek-ai/DeepSeek-V3.2-685B", "deepseek-v3.2-685b", "FP8 block 128×128", "");
  means("someone/mxbai-embed-large-335M", "mxbai-embed-large", "F16", "");
  means_nothing("someone/mxbai-embed-large-7B");
}

static void suffixes_state_the_scheme(void **state) {
  (void)state;
  means("nvidia/Llama-3.3-70B-Instruct-FP4", "llama3.3-70b", "NVFP4", "vllm");
  means("Qwen/Qwen3-8B-FP8", "qwen3-8b", "FP8 block 128×128", "vllm");
  means("RedHatAI/Meta-Llama-3.1-8B-Instruct-FP8-dynamic", "llama3.1-8b", "FP8 per channel",
        "vllm");
  means("RedHatAI/Llama-3.3-70B-Instruct-quantized.w4a16", "llama3.3-70b", "W4A16 g128", "vllm");
  means("Qwen/Qwen2.5-7B-Instruct-GPTQ-Int8", "qwen2.5-7b", "GPTQ 8-bit g128", "vllm");
  means("cyankiwi/Qwen3-8B-AWQ-4bit", "qwen3-8b", "AWQ 4-bit g128", "vllm");
  means("unsloth/Llama-3.2-1B-Instruct-unsloth-bnb-4bit", "llama3.2-1b", "NF4", "vllm");
  means("mlx-community/Qwen3-8B-4bit", "qwen3-8b", "MLX 4-bit g64", "mlx");
  means("Qwen3-8B-exl3-3.5bpw", "qwen3-8b", "EXL3 3.5 bpw", "exllama");
  means("Intel/Qwen2-7B-int4-AutoRound", "qwen2-7b", "AutoRound 4-bit g128", "vllm");
}

/* Another model, however alike the name is, is never taken. */
static void no_name_becomes_another_model(void **state) {
  (void)state;
  means_nothing("deepseek-r1-0999");
  means_nothing("qwen3-vl-1b");
  means_nothing("Qwen3-9B");
  means_nothing("gemma-9-2b");
  means_nothing("Qwen3-8B-ASR");
  means_nothing("AngelSlim/Qwen3-8B_eagle3");
  means_nothing("google/t5gemma-2b-2b-ul2");
}

static void fine_tunes_are_taken_for_their_shape(void **state) {
  (void)state;
  means("Someone/Cicero-3-Llama-3.1-8B", "llama3.1-8b", "BF16", "");
  means("huihui-ai/Qwen2.5-72B-Instruct-abliterated", "qwen2.5-72b", "BF16", "");
  means("someone/Llama-2-13B-Pirate-v2-GGUF:Q4_0", "llama2-13b", "Q4_0", "llama.cpp");
}

/* Of which a single size is known: words that say nothing of it may stand beside the family's. */
static void a_family_of_one_size_needs_none(void **state) {
  (void)state;
  means("someone/falcon-mamba-instruct", "falcon-mamba-7b", "BF16", "");
  means("someone/deepseek-math-instruct", "deepseek-math-7b", "BF16", "");
  means_nothing("someone/falcon3-instruct"); /* of several */
  means_nothing("someone/falcon-mamba-9b-instruct");
}

/* Ids are unique, and so is each of them as a name. */
static void every_id_of_the_catalog_means_itself(void **state) {
  (void)state;
  vf_model_name name;
  vf_model_found found;
  for (size_t i = 0; i < vf_catalog_size(ctx, VF_CATALOG_MODELS); i++) {
    const char *id = vf_catalog_id(ctx, VF_CATALOG_MODELS, i);
    assert_true(vf_model_name_read(&name, id));
    vf_model_find(&found, ctx, &name);
    if (found.match == VF_MATCH_NONE || strcmp(found.entry.id, id) != 0)
      fail_msg("%s means %s", id, found.match != VF_MATCH_NONE ? found.entry.id : "nothing");
  }
}

/* "g": of GGUF files, "d": a draft, "s": a tag that is no format, "u": in the usual format. */
static void names_are_taken_apart(void **state) {
  (void)state;
  static const struct {
    const char *typed;
    vf_name_store store;
    const char *publisher, *plain, *family, *tag, *format, *engine, *flags;
  } rows[] = {
      {"a", VF_STORE_NONE, "", "a", "a", "", "", "", ""},
      {"qwen3:8b", VF_STORE_OLLAMA, "", "qwen3:8b", "qwen3", "8b", "", "ollama", "u"},
      {"qwen3:8b-q8_0", VF_STORE_OLLAMA, "", "qwen3:8b", "qwen3", "8b", "Q8_0", "ollama", "u"},
      {"qwen3:latest", VF_STORE_OLLAMA, "", "qwen3", "qwen3", "", "", "ollama", "u"},
      {"qwen3", VF_STORE_NONE, "", "qwen3", "qwen3", "", "", "", ""},
      {"ollama://qwen3:8b", VF_STORE_OLLAMA, "", "qwen3:8b", "qwen3", "8b", "", "ollama", "u"},
      {"ai/qwen3:8B-Q4_0", VF_STORE_DOCKER, "", "qwen3:8b", "qwen3", "8b", "Q4_0", "llama.cpp",
       "u"},
      {"docker.io/ai/qwen3", VF_STORE_DOCKER, "", "qwen3", "qwen3", "", "", "llama.cpp", "u"},
      {"unsloth/Qwen3-8B-GGUF:UD-Q4_K_XL", VF_STORE_HUB, "unsloth", "qwen3-8b", "qwen3-8b", "",
       "UD-Q4_K_XL", "llama.cpp", "gu"},
      {"hf.co/bartowski/Qwen3-8B-GGUF", VF_STORE_HUB, "bartowski", "qwen3-8b", "qwen3-8b", "", "",
       "llama.cpp", "gu"},
      {"https://huggingface.co/Qwen/Qwen3-8B/tree/main", VF_STORE_HUB, "qwen", "qwen3-8b",
       "qwen3-8b", "", "", "", ""},
      {"https://huggingface.co/Qwen/Qwen3-8B-GGUF/resolve/main/Qwen3-8B-Q5_0.gguf", VF_STORE_HUB,
       "qwen", "qwen3-8b", "qwen3-8b", "qwen3-8b", "Q5_0", "llama.cpp", "gu"},
      {"nvidia/Llama-3.3-70B-Instruct-FP4", VF_STORE_HUB, "nvidia", "llama-3.3-70b-instruct",
       "llama-3.3-70b-instruct", "", "fp4", "vllm", ""},
      {"Qwen3-30B-A3B-Q4_K_M-00001-of-00002.gguf", VF_STORE_FILE, "", "qwen3-30b-a3b",
       "qwen3-30b-a3b", "", "Q4_K_M", "llama.cpp", "gu"},
      {"a/b/c", VF_STORE_HUB, "b", "c", "c", "", "", "", ""},
      {"mlx-community/Qwen3-8B-4bit", VF_STORE_HUB, "mlx-community", "qwen3-8b", "qwen3-8b", "",
       "4bit-mlx", "mlx", ""},
      {"mlx-community/gpt-oss-20b-MXFP4-Q8", VF_STORE_HUB, "mlx-community", "gpt-oss-20b",
       "gpt-oss-20b", "", "mxfp4-mlx-q8", "mlx", ""},
      {"turboderp/Qwen3-8B-exl3:3.0bpw", VF_STORE_HUB, "turboderp", "qwen3-8b", "qwen3-8b", "",
       "exl3-3.0bpw", "exllama", ""},
      {"Qwen/Qwen3-8B-FP8", VF_STORE_HUB, "qwen", "qwen3-8b", "qwen3-8b", "", "fp8-block", "vllm",
       ""},
      {"zai-org/GLM-4.5-FP8", VF_STORE_HUB, "zai-org", "glm-4.5", "glm-4.5", "", "fp8-channel",
       "vllm", ""},
      {"someone/Qwen3-8B-FP8", VF_STORE_HUB, "someone", "qwen3-8b", "qwen3-8b", "", "fp8", "vllm",
       ""},
      {"unsloth/Llama-3.2-1B-4bit", VF_STORE_HUB, "unsloth", "llama-3.2-1b", "llama-3.2-1b", "",
       "4bit-bnb", "vllm", ""},
      {"someone/Llama-3.2-1B-4bit", VF_STORE_HUB, "someone", "llama-3.2-1b", "llama-3.2-1b", "",
       "4bit", "vllm", ""},
      {"AngelSlim/Qwen3-8B_eagle3", VF_STORE_HUB, "angelslim", "qwen3-8b-eagle3", "qwen3-8b-eagle3",
       "", "", "", "d"},
      {"gemma3:4b-it-qat", VF_STORE_OLLAMA, "", "gemma3:4b-it-qat", "gemma3", "4b-it-qat", "Q4_0",
       "ollama", "u"},
      {"someone/gemma-3-4b-it-qat-q4_0-unquantized", VF_STORE_HUB, "someone",
       "gemma-3-4b-it-qat-unquantized", "gemma-3-4b-it-qat-unquantized", "", "", "", ""},
      {"unsloth/Qwen3-8B-GGUF:strange", VF_STORE_HUB, "unsloth", "qwen3-8b", "qwen3-8b", "strange",
       "", "llama.cpp", "gsu"},
      {"models--Qwen--Qwen3-8B", VF_STORE_HUB, "qwen", "qwen3-8b", "qwen3-8b", "", "", "", ""},
      {"gpt-oss:20b-mxfp4", VF_STORE_OLLAMA, "", "gpt-oss:20b", "gpt-oss", "20b", "MXFP4_MOE",
       "ollama", "u"},
      {"someone/model-w-mxfp4-a-fp8", VF_STORE_HUB, "someone", "model-w-a", "model-w-a", "",
       "mxfp4", "vllm", ""},
      {"someone/Model-kv-fp8-AWQ", VF_STORE_HUB, "someone", "model-kv", "model-kv", "", "awq",
       "vllm", ""},
      {"Qwen3-8B-BF16", VF_STORE_NONE, "", "qwen3-8b", "qwen3-8b", "", "BF16", "", ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    vf_model_name m;
    if (!vf_model_name_read(&m, rows[i].typed)) fail_msg("%s is no name", rows[i].typed);
    const char *flags = rows[i].flags, *engine = m.engine != NULL ? m.engine : "";
    assert_int_equal(m.store, rows[i].store);
    assert_string_equal(m.publisher, rows[i].publisher);
    assert_string_equal(m.plain, rows[i].plain);
    assert_string_equal(m.family, rows[i].family);
    assert_string_equal(m.tag, rows[i].tag);
    assert_string_equal(m.format, rows[i].format);
    assert_string_equal(engine, rows[i].engine);
    if (m.gguf != (strchr(flags, 'g') != NULL) || m.draft != (strchr(flags, 'd') != NULL) ||
        m.strange_tag != (strchr(flags, 's') != NULL) ||
        m.usual_format != (strchr(flags, 'u') != NULL))
      fail_msg("%s: flags", rows[i].typed);
  }
}

static void what_is_no_name_is_refused(void **state) {
  (void)state;
  static char long_name[10001];
  memset(long_name, 'a', sizeof long_name - 1);
  means_nothing(long_name);
  means_nothing("../../etc/passwd");
  means_nothing("qwen3:\033[31m");
  means_nothing("unsloth/Qwen3-8B-GGUF:NOPE");
  means_nothing(":");
  means_nothing("qwen3:8b-q9_9");
  means_nothing("-----");
  vf_model_name name;
  static const char *const paths[] = {"", "/models/x", "./x", "~/x", "a\\b", "a/../b"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
    assert_false(vf_model_name_read(&name, paths[i]));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(repositories_are_no_tags),
      cmocka_unit_test(names_of_gguf_files_mean_files),
      cmocka_unit_test(tags_of_ollama_mean_their_files),
      cmocka_unit_test(families_without_a_size_mean_the_latest),
      cmocka_unit_test(a_size_is_checked_against_the_parameters),
      cmocka_unit_test(suffixes_state_the_scheme),
      cmocka_unit_test(no_name_becomes_another_model),
      cmocka_unit_test(fine_tunes_are_taken_for_their_shape),
      cmocka_unit_test(a_family_of_one_size_needs_none),
      cmocka_unit_test(every_id_of_the_catalog_means_itself),
      cmocka_unit_test(names_are_taken_apart),
      cmocka_unit_test(what_is_no_name_is_refused),
  };
  return cmocka_run_group_tests(tests, open_context, close_context);
}
