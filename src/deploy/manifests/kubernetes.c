/* kubernetes.c - Kubernetes manifests: every list of containers, wherever an object has one.
 *
 * "command" takes the place of the image's entrypoint, "args" that of its words; $(NAME) in both is
 * the container's variable, no shell runs unless one is the command.  GPUs are the container's
 * limits; which ones they are is what the pod's node selector, affinity or resource profile says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "deploy/manifests/manifests.h"

/* The object that is being read, and where in it we are. */
typedef struct place {
  vf_manifest *m;
  const vf_node *object;
  const char *kind, *name;
  char path[256];  /* "Deployment/llm" */
  char inner[256]; /* "leaderWorkerTemplate.leaderTemplate." */
} place;

/* ---- Variables -------------------------------------------------------------------------- */

typedef struct container {
  const place *p;
  const vf_node *node;
  vf_variables own;
} container;

/* $(NAME) is replaced by what is known; "$$(NAME)" is "$(NAME)". */
static const char *expanded(const container *c, const char *text) {
  size_t n = strlen(text);
  if (strstr(text, "$(") == NULL) return text;
  size_t room = n + 1;
  for (size_t i = 0; i < c->own.count; i++) room += strlen(c->own.values[i]);
  room += n; /* marks */
  char *out = vf_arena_alloc_raw(c->p->m->arena, room * 2, 1);
  if (out == NULL) return NULL;
  vf_text t = vf_text_on(out, room * 2);
  for (const char *s = text; *s != '\0';) {
    const char *end = strncmp(s, "$(", 2) == 0 ? strchr(s, ')') : NULL;
    char name[128];
    size_t length = end != NULL ? (size_t)(end - s) - 2 : 0;
    if (strncmp(s, "$$(", 3) == 0) {
      vf_text_bytes(&t, "$(", 2);
      s += 3;
      continue;
    }
    if (end == NULL || length >= sizeof name) {
      vf_text_bytes(&t, s++, 1);
      continue;
    }
    memcpy(name, s + 2, length);
    name[length] = '\0';
    const char *value = vf_variables_get((void *)(uintptr_t)&c->own, name);
    if (value != NULL)
      vf_text_put(&t, value);
    else
      vf_text_printf(&t, "\1$(%s)", name);
    s = end + 1;
  }
  return t.length < room * 2 ? out : NULL;
}

/* A key of a ConfigMap in the same file; NULL: it is not here. */
static const char *from_config_map(const vf_manifest *m, const char *map, const char *key) {
  for (const vf_item *i = m->documents->items; i != NULL; i = i->next) {
    const char *kind = vf_node_text(i->value, "kind"),
               *name = vf_node_text(i->value, "metadata/name");
    if (kind == NULL || name == NULL || strcmp(kind, "ConfigMap") != 0 || strcmp(name, map) != 0)
      continue;
    return vf_node_text(vf_node_get(i->value, "data"), key);
  }
  return NULL;
}

static vf_status add_env_from(container *c, const vf_node *from, vf_error *err) {
  const char *map = vf_node_text(from, "configMapRef/name");
  vf_manifest *m = c->p->m;
  if (map == NULL) return VF_OK;
  for (const vf_item *i = m->documents->items; i != NULL; i = i->next) {
    const char *kind = vf_node_text(i->value, "kind"),
               *name = vf_node_text(i->value, "metadata/name");
    const vf_node *data = vf_node_get(i->value, "data");
    if (kind == NULL || name == NULL || strcmp(kind, "ConfigMap") != 0 || strcmp(name, map) != 0 ||
        !vf_node_is(data, VF_NODE_MAP))
      continue;
    for (const vf_item *d = data->items; d != NULL; d = d->next) {
      vf_status status = vf_variables_add(&c->own, m->arena, d->key->text, d->value->text, err);
      if (status != VF_OK) return status;
    }
  }
  return VF_OK;
}

static vf_status add_env(container *c, const vf_node *entry, vf_error *err) {
  const char *name = vf_node_text(entry, "name");
  const vf_node *value = vf_node_get(entry, "value");
  const char *map = vf_node_text(entry, "valueFrom/configMapKeyRef/name");
  const char *key = vf_node_text(entry, "valueFrom/configMapKeyRef/key");
  const char *text = vf_node_is(value, VF_NODE_SCALAR) ? value->text : NULL;
  if (name == NULL) return VF_OK;
  if (text == NULL && map != NULL && key != NULL) text = from_config_map(c->p->m, map, key);
  if (text == NULL) return VF_OK;
  text = expanded(c, text);
  return text != NULL ? vf_variables_add(&c->own, c->p->m->arena, name, text, err)
                      : vf_fail_nomem(err);
}

static vf_status read_env(container *c, vf_error *err) {
  const vf_node *from = vf_node_get(c->node, "envFrom"), *env = vf_node_get(c->node, "env");
  vf_status status = VF_OK;
  if (vf_node_is(from, VF_NODE_LIST))
    for (const vf_item *i = from->items; status == VF_OK && i != NULL; i = i->next)
      status = add_env_from(c, i->value, err);
  if (vf_node_is(env, VF_NODE_LIST))
    for (const vf_item *i = env->items; status == VF_OK && i != NULL; i = i->next)
      status = add_env(c, i->value, err);
  return status;
}

static const char *variable(void *user, const char *name) {
  const container *c = user;
  return vf_variables_get((void *)(uintptr_t)&c->own, name);
}

/* ---- GPUs ------------------------------------------------------------------------------- */

static bool is_gpu_resource(const char *name) {
  static const char *const names[] = {"nvidia.com/", "amd.com/gpu",    "gpu.intel.com/",
                                      "habana.ai/",  "google.com/tpu", "aws.amazon.com/neuron",
                                      "huawei.com/"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strncmp(name, names[i], strlen(names[i])) == 0) return true;
  return false;
}

static void add_resources(vf_found_gpus *g, vf_manifest *m, const vf_node *list) {
  if (!vf_node_is(list, VF_NODE_MAP)) return;
  for (const vf_item *i = list->items; i != NULL; i = i->next) {
    if (!is_gpu_resource(i->key->text) || i->value->kind != VF_NODE_SCALAR) continue;
    unsigned long n = strtoul(i->value->text, NULL, 10);
    if (n == 0 || n > 4096) continue;
    g->stated = true;
    g->count = (uint32_t)n;
    /* nvidia.com/mig-1g.10gb is a part of some GPU */
    if (strncmp(i->key->text, "nvidia.com/mig-", 15) == 0) g->slice = i->key->text + 15;
  }
  (void)m;
}

/* Labels of nodes that name a GPU, or a machine that has it. */
static bool names_gpu(const char *label) {
  static const char *const labels[] = {"nvidia.com/gpu.product",
                                       "cloud.google.com/gke-accelerator",
                                       "node.kubernetes.io/instance-type",
                                       "beta.kubernetes.io/instance-type",
                                       "karpenter.k8s.aws/instance-gpu-name",
                                       "gpu.nvidia.com/model",
                                       "gpu.nvidia.com/class",
                                       "amd.com/gpu.product-name",
                                       "beta.amd.com/gpu.product-name",
                                       "cloud.google.com/compute-class",
                                       "k8s.amazonaws.com/accelerator",
                                       "accelerator",
                                       "gpu-type",
                                       "gpu_type",
                                       "machine.cluster.vke.volcengine.com/gpu-name"};
  for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
    if (strcmp(label, labels[i]) == 0) return true;
  return false;
}

static void add_name(vf_found_gpus *g, const char *name) {
  if (g->n_names < VF_FOUND_GPUS) g->names[g->n_names++] = name;
  g->stated = true;
}

static void add_expressions(vf_found_gpus *g, const vf_node *expressions) {
  if (!vf_node_is(expressions, VF_NODE_LIST)) return;
  for (const vf_item *i = expressions->items; i != NULL; i = i->next) {
    const char *key = vf_node_text(i->value, "key"), *op = vf_node_text(i->value, "operator");
    const vf_node *values = vf_node_get(i->value, "values");
    if (key == NULL || !names_gpu(key) || !vf_node_is(values, VF_NODE_LIST)) continue;
    if (op != NULL && strcmp(op, "In") != 0) continue;
    for (const vf_item *v = values->items; v != NULL; v = v->next) add_name(g, v->value->text);
  }
}

static void add_selector(vf_found_gpus *g, const vf_node *pod) {
  const vf_node *selector = vf_node_get(pod, "nodeSelector");
  const vf_node *terms = vf_node_get(pod, "affinity/nodeAffinity/requiredDuringSchedulingIgnored"
                                          "DuringExecution/nodeSelectorTerms");
  if (vf_node_is(selector, VF_NODE_MAP))
    for (const vf_item *i = selector->items; i != NULL; i = i->next)
      if (names_gpu(i->key->text) && i->value->kind == VF_NODE_SCALAR) add_name(g, i->value->text);
  if (vf_node_is(terms, VF_NODE_LIST))
    for (const vf_item *i = terms->items; i != NULL; i = i->next)
      add_expressions(g, vf_node_get(i->value, "matchExpressions"));
}

static void read_gpus(vf_found_gpus *g, const container *c, const vf_node *pod) {
  vf_manifest *m = c->p->m;
  add_resources(g, m, vf_node_get(c->node, "resources/requests"));
  add_resources(g, m, vf_node_get(c->node, "resources/limits"));
  vf_manifest_host_memory(g, vf_node_text(c->node, "resources/limits/memory"), false);
  bool asks = g->stated;
  g->spans = strcmp(c->p->kind, "LeaderWorkerSet") == 0 || strncmp(c->p->kind, "Ray", 3) == 0;
  add_selector(g, pod);
  const vf_node *notes = vf_node_get(c->p->object, "metadata/annotations");
  const char *named = vf_node_text(vf_node_get(notes, "vramfit"), NULL);
  for (const vf_item *i = vf_node_is(notes, VF_NODE_MAP) ? notes->items : NULL; i != NULL;
       i = i->next)
    if (strcmp(i->key->text, "vramfit/gpu") == 0) named = vf_node_text(i->value, NULL);
  if (named != NULL) vf_manifest_gpu(m, g, named);
  g->stated = asks || g->n_names > 0;
}

/* ---- A container ------------------------------------------------------------------------ */

static vf_status add_words(container *c, const char **words, size_t *n, const char *key,
                           vf_error *err) {
  const vf_node *list = vf_node_get(c->node, key);
  if (!vf_node_is(list, VF_NODE_LIST)) {
    const char *text = vf_node_text(list, NULL); /* not allowed, but seen: one word */
    if (text != NULL && *n < VF_MANIFEST_WORDS) {
      c->p->m->lines[*n] = list->line;
      words[(*n)++] = text;
    }
    return VF_OK;
  }
  for (const vf_item *i = list->items; i != NULL && *n < VF_MANIFEST_WORDS; i = i->next) {
    if (i->value->kind != VF_NODE_SCALAR) continue;
    c->p->m->lines[*n] = i->value->line;
    words[*n] = expanded(c, i->value->text);
    if (words[(*n)++] == NULL) return vf_fail_nomem(err);
  }
  return VF_OK;
}

/* KServe's LLMInferenceService hands more options over in a variable. */
static vf_status add_additional(container *c, const char **words, size_t *n, vf_error *err) {
  const char *text = vf_variables_get(&c->own, "VLLM_ADDITIONAL_ARGS");
  const vf_node node = {.kind = VF_NODE_SCALAR, .quoted = true, .text = text};
  size_t first = *n;
  vf_status status = text != NULL ? vf_manifest_add_words(c->p->m, words, n, &node, err) : VF_OK;
  for (; first < *n; first++) c->p->m->lines[first] = c->node->line;
  return status;
}

/* "hf://owner/name" is the repository, "ollama://name" the tag. */
static const char *without_scheme(const char *uri) {
  static const char *const schemes[] = {"hf://", "ollama://", "huggingface://"};
  for (size_t i = 0; uri != NULL && i < sizeof schemes / sizeof *schemes; i++)
    if (strncmp(uri, schemes[i], strlen(schemes[i])) == 0) return uri + strlen(schemes[i]);
  return uri;
}

static vf_status read_container(place *p, const vf_node *node, const vf_node *pod, size_t index,
                                vf_error *err) {
  vf_manifest *m = p->m;
  container c = {.p = p, .node = node};
  const char **words = m->words;
  size_t n = 0;
  const char *image = vf_node_text(node, "image");
  vf_words_at at = {.line = node->line,
                    .column = node->column,
                    .image = image != NULL ? image : "",
                    .words = words,
                    .lines = m->lines,
                    .variables = variable,
                    .user = &c};
  vf_status status = read_env(&c, err);
  if (status == VF_OK) status = add_words(&c, words, &n, "command", err);
  if (status == VF_OK) status = add_words(&c, words, &n, "args", err);
  if (status == VF_OK) status = add_additional(&c, words, &n, err);
  if (status != VF_OK) return status;
  at.count = n;
  read_gpus(&at.gpus, &c, pod);
  at.asks_gpu = at.gpus.count > 0 || (strncmp(p->kind, "Ray", 3) == 0 && at.gpus.stated);
  if (strcmp(p->kind, "LLMInferenceService") == 0)
    at.model = vf_node_text(p->object, "spec/model/uri");
  at.path = index == SIZE_MAX
                ? vf_manifest_format(m, "%s/%smainContainer", p->path, p->inner)
                : vf_manifest_format(m, "%s/%scontainers[%zu]", p->path, p->inner, index);
  at.asks_gpu |= index == SIZE_MAX;
  return at.path != NULL ? vf_manifest_words(m, &at, err) : vf_fail_nomem(err);
}

/* ---- Everything that has containers ----------------------------------------------------- */

/* Parts of a path that only say how deep it is. */
static bool is_plain(const char *key) {
  return strcmp(key, "spec") == 0 || strcmp(key, "template") == 0 ||
         strcmp(key, "headGroupSpec") == 0 || strcmp(key, "jobTemplate") == 0 ||
         strcmp(key, "rayClusterConfig") == 0 || strcmp(key, "objects") == 0;
}

static vf_status walk(place *p, const vf_node *node, unsigned depth, vf_error *err);

static vf_status walk_item(place *p, const vf_item *item, size_t index, unsigned depth,
                           vf_error *err) {
  size_t before = strlen(p->inner);
  vf_text t = vf_text_on(p->inner + before, sizeof p->inner - before);
  if (item->key == NULL)
    vf_text_printf(&t, "%zu.", index);
  else if (!is_plain(item->key->text))
    vf_text_printf(&t, "%.100s.", item->key->text);
  vf_status status = walk(p, item->value, depth + 1, err);
  p->inner[before] = '\0';
  return status;
}

static vf_status read_containers(place *p, const vf_node *list, const vf_node *pod, vf_error *err) {
  size_t index = 0;
  vf_status status = VF_OK;
  for (const vf_item *i = list->items; status == VF_OK && i != NULL; i = i->next, index++)
    if (i->value->kind == VF_NODE_MAP) status = read_container(p, i->value, pod, index, err);
  return status;
}

static vf_status walk(place *p, const vf_node *node, unsigned depth, vf_error *err) {
  size_t index = 0;
  vf_status status = vf_manifest_step(p->m, err);
  if (status != VF_OK || node->kind == VF_NODE_SCALAR || depth > 40) return status;
  for (const vf_item *i = node->items; status == VF_OK && i != NULL; i = i->next, index++) {
    bool named = i->key != NULL;
    if (named &&
        (strcmp(i->key->text, "initContainers") == 0 || strcmp(i->key->text, "metadata") == 0))
      continue;
    if (named && strcmp(i->key->text, "containers") == 0 && i->value->kind == VF_NODE_LIST)
      status = read_containers(p, i->value, node, err);
    else if (named && strcmp(i->key->text, "mainContainer") == 0 && i->value->kind == VF_NODE_MAP)
      status = read_container(p, i->value, node, SIZE_MAX, err); /* NVIDIA Dynamo's */
    else
      status = walk_item(p, i, index, depth, err);
  }
  return status;
}

/* ---- Objects that name a model themselves ----------------------------------------------- */

/* KubeAI: a model, its engine and its arguments; "nvidia-gpu-l4:2" is a GPU and how many. */
static vf_status read_kubeai(place *p, vf_error *err) {
  const vf_node *spec = vf_node_get(p->object, "spec");
  const char *engine = vf_node_text(spec, "engine");
  const char *profile = vf_node_text(spec, "resourceProfile");
  const vf_node *key = vf_node_key(p->object, "spec");
  container c = {.p = p, .node = spec};
  const char **words = p->m->words;
  size_t n = 0;
  vf_words_at at = {.line = key->line,
                    .column = key->column,
                    .words = words,
                    .asks_gpu = true,
                    .variables = variable,
                    .user = &c};
  at.path = vf_manifest_format(p->m, "%s", p->path);
  at.engine = engine != NULL ? vf_manifest_engine(engine) : NULL;
  at.model = without_scheme(vf_node_text(spec, "url"));
  const vf_node *env = vf_node_get(spec, "env");
  vf_status status = VF_OK;
  for (const vf_item *i = vf_node_is(env, VF_NODE_MAP) ? env->items : NULL;
       status == VF_OK && i != NULL; i = i->next)
    status = vf_variables_add(&c.own, p->m->arena, i->key->text, i->value->text, err);
  if (status == VF_OK) status = add_words(&c, words, &n, "args", err);
  at.count = n;
  if (status != VF_OK || at.path == NULL) return status != VF_OK ? status : vf_fail_nomem(err);
  if (profile != NULL) vf_manifest_gpu(p->m, &at.gpus, profile);
  return vf_manifest_words(p->m, &at, err);
}

/* What Hugging Face's server of KServe has words of its own for (huggingfaceserver/__main__.py of
 * aaac4e294); all others are vLLM's. */
static const struct {
  const char *theirs, *ours; /* NULL: it moves nothing */
} kserve_words[] = {
    {"model_id", "--model"},
    {"model_dir", "--model"},
    {"model_revision", "--revision"},
    {"max_length", "--max-model-len"},
    {"model_name", NULL},
    {"backend", NULL},
    {"tokenizer_revision", NULL},
    {"tensor_input_names", NULL},
    {"predictor_host", NULL},
    {"http_port", NULL},
    {"grpc_port", NULL},
    {"workers", NULL},
};

/* Index of the word in the table, and what is behind its '='; SIZE_MAX: it is none of them. */
static size_t kserve_word(const char *word, const char **value) {
  size_t n = strcspn(word, "=");
  *value = word[n] == '=' ? word + n + 1 : NULL;
  for (size_t i = 0; strncmp(word, "--", 2) == 0 && i < sizeof kserve_words / sizeof *kserve_words;
       i++) {
    const char *theirs = kserve_words[i].theirs;
    bool same = strlen(theirs) == n - 2;
    for (size_t c = 0; same && theirs[c] != '\0'; c++)
      same = theirs[c] == word[c + 2] || (theirs[c] == '_' && word[c + 2] == '-');
    if (same) return i;
  }
  return SIZE_MAX;
}

/* Puts vLLM's words in their place; returns how many there are. */
static size_t translate_kserve(vf_manifest *m, const char **words, size_t n) {
  size_t out = 0;
  for (size_t i = 0; i < n; i++) {
    const char *value, *word = words[i];
    uint32_t line = m->lines[i];
    size_t k = kserve_word(word, &value);
    if (k != SIZE_MAX && value == NULL && i + 1 < n && words[i + 1][0] != '-') value = words[++i];
    if (k != SIZE_MAX && kserve_words[k].ours == NULL) continue;
    if (k != SIZE_MAX && value != NULL)
      word = vf_manifest_format(m, "%s=%s", kserve_words[k].ours, value);
    if (word == NULL) return SIZE_MAX;
    m->lines[out] = line;
    words[out++] = word;
  }
  return out;
}

/* KServe's predictor with a model: its runtime is vLLM's behind Hugging Face's, and llama.cpp's is
 * no part of it. */
static vf_status read_predictor(place *p, vf_error *err) {
  const vf_node *model = vf_node_get(p->object, "spec/predictor/model");
  const char *format = vf_node_text(model, "modelFormat/name");
  const vf_node *key = vf_node_key(vf_node_get(p->object, "spec/predictor"), "model");
  container c = {.p = p, .node = model};
  const char **words = p->m->words;
  size_t n = 0;
  bool known =
      format != NULL && (vf_manifest_engine(format) != NULL || strcmp(format, "huggingface") == 0 ||
                         strcmp(format, "vLLM") == 0);
  vf_words_at at = {.line = key->line,
                    .column = key->column,
                    .words = words,
                    .asks_gpu = true,
                    .variables = variable,
                    .user = &c};
  at.path = vf_manifest_format(p->m, "%s/predictor.model", p->path);
  at.engine = known ? vf_manifest_engine("vllm") : NULL;
  at.model = without_scheme(vf_node_text(model, "storageUri"));
  vf_status status = read_env(&c, err);
  if (status == VF_OK) status = add_words(&c, words, &n, "args", err);
  if (status == VF_OK) n = translate_kserve(p->m, words, n);
  at.count = n;
  if (n == SIZE_MAX) return vf_fail_nomem(err);
  if (status != VF_OK || at.path == NULL) return status != VF_OK ? status : vf_fail_nomem(err);
  read_gpus(&at.gpus, &c, vf_node_get(p->object, "spec/predictor"));
  return vf_manifest_words(p->m, &at, err);
}

/* An LLMInferenceService without a container of its own: KServe brings vLLM. */
static vf_status read_llm_service(place *p, vf_error *err) {
  static const char *const sizes[][2] = {{"tensor", "--tensor-parallel-size"},
                                         {"pipeline", "--pipeline-parallel-size"},
                                         {"data", "--data-parallel-size"}};
  const vf_node *spec = vf_node_get(p->object, "spec"), *key = vf_node_key(spec, "model");
  const char *words[8];
  vf_words_at at = {
      .path = p->path, .line = key->line, .column = key->column, .words = words, .asks_gpu = true};
  at.engine = vf_manifest_engine("vllm");
  at.model = without_scheme(vf_node_text(spec, "model/uri"));
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    const char *n = vf_node_text(vf_node_get(spec, "parallelism"), sizes[i][0]);
    if (n == NULL) continue;
    words[at.count++] = sizes[i][1];
    words[at.count++] = n;
  }
  return vf_manifest_words(p->m, &at, err);
}

static vf_status read_object(vf_manifest *m, const vf_node *object, unsigned depth, vf_error *err) {
  place p = {.m = m, .object = object};
  p.kind = vf_node_text(object, "kind");
  p.name = vf_node_text(object, "metadata/name");
  if (p.name == NULL) p.name = vf_node_text(object, "metadata/generateName");
  const char *api = vf_node_text(object, "apiVersion");
  const vf_node *items = vf_node_get(object, "items");
  if (p.kind == NULL || !vf_node_is(object, VF_NODE_MAP)) return VF_OK;
  if (vf_node_is(items, VF_NODE_LIST) && depth < 4) {
    vf_status status = VF_OK;
    for (const vf_item *i = items->items; status == VF_OK && i != NULL; i = i->next)
      status = read_object(m, i->value, depth + 1, err);
    return status;
  }
  vf_text t = vf_text_on(p.path, sizeof p.path);
  vf_text_printf(&t, "%.60s/%.120s", p.kind, p.name != NULL ? p.name : "");
  if (strcmp(p.kind, "Model") == 0 && api != NULL && strncmp(api, "kubeai.org/", 11) == 0 &&
      vf_node_get(object, "spec/url") != NULL)
    return read_kubeai(&p, err);
  if (strcmp(p.kind, "InferenceService") == 0 &&
      vf_node_get(object, "spec/predictor/model") != NULL)
    return read_predictor(&p, err);
  if (strcmp(p.kind, "LLMInferenceService") == 0 &&
      vf_node_get(object, "spec/template/containers") == NULL &&
      vf_node_get(object, "spec/model/uri") != NULL)
    return read_llm_service(&p, err);
  return walk(&p, object, 0, err);
}

static bool is_kubernetes(const vf_manifest *m) {
  if (m->documents == NULL) return false;
  for (const vf_item *i = m->documents->items; i != NULL; i = i->next)
    if (vf_node_text(i->value, "kind") != NULL && vf_node_text(i->value, "apiVersion") != NULL)
      return true;
  return false;
}

static vf_status read_kubernetes(vf_manifest *m, vf_error *err) {
  vf_status status = VF_OK;
  for (const vf_item *i = m->documents->items; status == VF_OK && i != NULL; i = i->next)
    status = read_object(m, i->value, 0, err);
  return status;
}

const vf_manifest_kind vf_kind_kubernetes = {"Kubernetes", is_kubernetes, read_kubernetes};
