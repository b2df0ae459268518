/* catalogs.c - files that state engines' options under keys of their own: the production stack's
 * Helm values, GPUStack's catalogs, LocalAI's models.
 *
 * A key becomes the option that its program makes of it, so that nothing of it is dropped: what the
 * engine's table does not have is told. */
#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "base/status.h"
#include "base/text.h"
#include "deploy/manifests/manifests.h"

typedef struct option_words {
  const char **list;
  size_t n;
} option_words;

static option_words start_words(vf_manifest *m) {
  return (option_words){m->words, 0};
}

static void add_word(option_words *w, const char *word) {
  if (word != NULL && w->n < VF_MANIFEST_WORDS) w->list[w->n++] = word;
}

/* "maxModelLen" and "max_model_len" are "--max-model-len". */
static const char *option_of(vf_manifest *m, const char *key) {
  char text[160];
  vf_text t = vf_text_on(text, sizeof text);
  vf_text_put(&t, "--");
  for (const char *c = key; *c != '\0'; c++) {
    bool upper = *c >= 'A' && *c <= 'Z';
    bool after_lower = c > key && c[-1] >= 'a' && c[-1] <= 'z';
    if (upper && after_lower) vf_text_put(&t, "-");
    char letter = vf_name_fold(*c);
    vf_text_bytes(&t, &letter, 1);
  }
  return vf_manifest_format(m, "%s", text);
}

static bool is_word(const char *text, const char *const *words) {
  for (; *words != NULL; words++)
    if (vf_name_equal(text, *words)) return true;
  return false;
}

/* A flag alone where it is on; off is the default, or "--no-x". */
static void add_option(option_words *w, vf_manifest *m, const char *key, const vf_node *value) {
  static const char *const on[] = {"true", "on", "yes", NULL}, *const off[] = {"false", "off", "no",
                                                                               NULL};
  const char *text = vf_node_text(value, NULL), *option = option_of(m, key);
  if (text == NULL || option == NULL || text[0] == '\0') return;
  if (!value->quoted && is_word(text, off)) {
    if (strncmp(option, "--enable-", 9) == 0 || strncmp(option, "--disable-", 10) == 0) {
      /* the key of a flag says only whether it is given */
      if (strcmp(option, "--enable-prefix-caching") == 0) add_word(w, "--no-enable-prefix-caching");
      if (strcmp(option, "--enable-chunked-prefill") == 0)
        add_word(w, "--no-enable-chunked-prefill");
    }
    return;
  }
  add_word(w, option);
  if (value->quoted || !is_word(text, on)) add_word(w, text);
}

static void add_list(option_words *w, const vf_node *list) {
  if (!vf_node_is(list, VF_NODE_LIST)) return;
  for (const vf_item *i = list->items; i != NULL; i = i->next) {
    const char *text = vf_node_text(i->value, NULL);
    const char *blank = text != NULL && text[0] == '-' ? strchr(text, ' ') : NULL;
    (void)blank;
    add_word(w, text);
  }
}

/* ---- The production stack --------------------------------------------------------------- */

static bool is_helm(const vf_manifest *m) {
  return vf_node_is(vf_node_get(m->root, "servingEngineSpec/modelSpec"), VF_NODE_LIST);
}

/* Keys of vllmConfig that are no option's name by the rule. */
static const char *helm_option(const char *key) {
  static const struct {
    const char *key, *option;
  } own[] = {{"enableLoRA", "enable_lora"},
             {"enableLora", "enable_lora"},
             {"maxLoras", "max_loras"},
             {"v1", NULL},
             {"tensorParallelSize", "tensor_parallel_size"}};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    if (strcmp(key, own[i].key) == 0) return own[i].option;
  return key;
}

static vf_status read_model_spec(vf_manifest *m, const vf_node *spec, size_t index, vf_error *err) {
  option_words w = start_words(m);
  const vf_node *config = vf_node_get(spec, "vllmConfig");
  vf_words_at at = {.line = spec->line, .column = spec->column, .asks_gpu = true};
  at.path = vf_manifest_format(m, "servingEngineSpec.modelSpec[%zu]", index);
  add_word(&w, vf_node_text(spec, "modelURL"));
  for (const vf_item *i = vf_node_is(config, VF_NODE_MAP) ? config->items : NULL; i != NULL;
       i = i->next)
    if (i->value->kind == VF_NODE_SCALAR && helm_option(i->key->text) != NULL)
      add_option(&w, m, helm_option(i->key->text), i->value);
  add_list(&w, vf_node_get(config, "extraArgs"));
  const char *gpus = vf_node_text(spec, "requestGPU");
  if (gpus != NULL) {
    at.gpus.stated = true;
    vf_manifest_count(m, &at.gpus, gpus);
  }
  at.engine = vf_manifest_engine("vllm");
  at.words = w.list;
  at.count = w.n;
  return at.path != NULL ? vf_manifest_words(m, &at, err) : vf_fail_nomem(err);
}

static vf_status read_helm(vf_manifest *m, vf_error *err) {
  size_t index = 0;
  vf_status status = VF_OK;
  const vf_node *list = vf_node_get(m->root, "servingEngineSpec/modelSpec");
  for (const vf_item *i = list->items; status == VF_OK && i != NULL; i = i->next)
    status = read_model_spec(m, i->value, index++, err);
  return status;
}

const vf_manifest_kind vf_kind_helm = {"Helm values of vLLM's production stack", is_helm,
                                       read_helm};

/* ---- GPUStack --------------------------------------------------------------------------- */

static bool is_gpustack(const vf_manifest *m) {
  return vf_node_is(vf_node_get(m->root, "model_sets"), VF_NODE_LIST);
}

/* An engine that is none of ours is told with its words, none of which is read. */
static vf_status tell_foreign(vf_manifest *m, const vf_words_at *at, const char *engine,
                              vf_error *err) {
  vf_found found = {.path = at->path,
                    .line = at->line,
                    .column = at->column,
                    .model = at->model,
                    .gpus = at->gpus,
                    .foreign = at->words,
                    .n_foreign = at->count};
  char *lower = vf_arena_copy(m->arena, engine, strlen(engine));
  if (lower == NULL) return vf_fail_nomem(err);
  for (char *c = lower; *c != '\0'; c++) *c = vf_name_fold(*c);
  found.engine = lower;
  return m->sink->found(m->sink->user, &found, err);
}

static vf_status read_spec(vf_manifest *m, const char *set, const vf_node *spec, size_t index,
                           vf_error *err) {
  static const char *const sources[] = {"huggingface_repo_id", "model_scope_model_id",
                                        "ollama_library_model_name", "local_path"};
  option_words w = start_words(m);
  const char *backend = vf_node_text(spec, "backend"), *model = NULL;
  const char *file = vf_node_text(spec, "huggingface_filename");
  for (size_t i = 0; model == NULL && i < sizeof sources / sizeof *sources; i++)
    model = vf_node_text(spec, sources[i]);
  if (model != NULL && file != NULL) model = vf_manifest_format(m, "%.300s/%.300s", model, file);
  vf_words_at at = {.line = spec->line, .column = spec->column, .model = model, .asks_gpu = true};
  at.path = vf_manifest_format(m, "model_sets.%.120s.specs[%zu]", set, index);
  if (backend == NULL) backend = "vLLM"; /* what GPUStack takes for a checkpoint */
  at.engine = vf_manifest_engine(backend);
  add_list(&w, vf_node_get(spec, "backend_parameters"));
  at.words = w.list;
  at.count = w.n;
  if (at.path == NULL) return vf_fail_nomem(err);
  return at.engine != NULL ? vf_manifest_words(m, &at, err) : tell_foreign(m, &at, backend, err);
}

static vf_status read_gpustack(vf_manifest *m, vf_error *err) {
  vf_status status = VF_OK;
  const vf_node *sets = vf_node_get(m->root, "model_sets");
  for (const vf_item *i = sets->items; status == VF_OK && i != NULL; i = i->next) {
    const char *name = vf_node_text(i->value, "name");
    const vf_node *specs = vf_node_get(i->value, "specs");
    size_t index = 0;
    for (const vf_item *s = vf_node_is(specs, VF_NODE_LIST) ? specs->items : NULL;
         status == VF_OK && s != NULL; s = s->next)
      status = read_spec(m, name != NULL ? name : "", s->value, index++, err);
  }
  return status;
}

const vf_manifest_kind vf_kind_gpustack = {"GPUStack catalog", is_gpustack, read_gpustack};

/* ---- LocalAI ---------------------------------------------------------------------------- */

static bool is_localai_model(const vf_node *node) {
  return vf_node_text(node, "backend") != NULL && vf_node_get(node, "parameters/model") != NULL;
}

static bool is_localai_entry(const vf_node *node) {
  return is_localai_model(node) || (vf_node_text(node, "config_file") != NULL &&
                                    strstr(vf_node_text(node, "config_file"), "backend:") != NULL);
}

static bool is_localai(const vf_manifest *m) {
  return is_localai_entry(m->root) || is_localai_entry(vf_node_at(m->root, 0));
}

/* What LocalAI's keys are as options of the engine behind it. */
static void add_localai(option_words *w, vf_manifest *m, const vf_node *node, const vf_engine *e) {
  static const struct {
    const char *key, *llama, *other;
  } keys[] = {{"context_size", "--ctx-size", "--max-model-len"},
              {"gpu_layers", "--n-gpu-layers", NULL},
              {"tensor_parallel_size", NULL, "--tensor-parallel-size"},
              {"gpu_memory_utilization", NULL, "--gpu-memory-utilization"},
              {"max_model_len", NULL, "--max-model-len"},
              {"quantization", NULL, "--quantization"},
              {"tensor_split", "--tensor-split", NULL},
              {"main_gpu", "--main-gpu", NULL},
              {"draft_model", "--model-draft", NULL},
              {"mmproj", "--mmproj", NULL},
              {"batch", "--batch-size", NULL},
              {"cache_type_k", "--cache-type-k", NULL},
              {"cache_type_v", "--cache-type-v", NULL},
              {"flash_attention", "--flash-attn", NULL}};
  bool llama = e == vf_manifest_engine("llama.cpp");
  bool sglang = e == vf_manifest_engine("sglang");
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const char *text = vf_node_text(node, keys[i].key);
    const char *option = llama ? keys[i].llama : keys[i].other;
    if (sglang && strcmp(keys[i].key, "context_size") == 0) option = "--context-length";
    if (text == NULL || option == NULL) continue;
    add_word(w, option);
    add_word(w, text);
  }
  const vf_node *args = vf_node_get(node, "engine_args");
  for (const vf_item *i = vf_node_is(args, VF_NODE_MAP) ? args->items : NULL; i != NULL;
       i = i->next)
    if (i->value->kind == VF_NODE_SCALAR) add_option(w, m, i->key->text, i->value);
}

static vf_status read_localai_model(vf_manifest *m, const vf_node *node, const char *path,
                                    uint32_t line, vf_error *err) {
  option_words w = start_words(m);
  const char *backend = vf_node_text(node, "backend");
  vf_words_at at = {.path = path, .line = line, .column = 1, .asks_gpu = true};
  at.engine = backend != NULL ? vf_manifest_engine(backend) : NULL;
  at.model = vf_node_text(node, "parameters/model");
  if (at.engine == NULL)
    return vf_manifest_pass(m, path, line, err,
                            "LocalAI's backend '%.60s' is no engine that is known",
                            backend != NULL ? backend : "");
  add_localai(&w, m, node, at.engine);
  at.words = w.list;
  at.count = w.n;
  return vf_manifest_words(m, &at, err);
}

static vf_status read_entry(vf_manifest *m, const vf_node *node, size_t index, vf_error *err) {
  const char *path = vf_manifest_format(m, "[%zu]", index),
             *text = vf_node_text(node, "config_file");
  const vf_node *documents;
  if (path == NULL) return vf_fail_nomem(err);
  if (text == NULL)
    return is_localai_model(node) ? read_localai_model(m, node, path, node->line, err) : VF_OK;
  vf_status status = vf_node_read_yaml(&documents, text, strlen(text), m->arena, err);
  if (status != VF_OK) return status;
  return read_localai_model(m, vf_node_at(documents, 0), path, node->line, err);
}

static vf_status read_localai(vf_manifest *m, vf_error *err) {
  size_t index = 0;
  vf_status status = VF_OK;
  if (m->root->kind == VF_NODE_MAP) return read_entry(m, m->root, 0, err);
  for (const vf_item *i = m->root->items; status == VF_OK && i != NULL; i = i->next)
    status = read_entry(m, i->value, index++, err);
  return status;
}

const vf_manifest_kind vf_kind_localai = {"LocalAI", is_localai, read_localai};
