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
static void put_expanded(vf_text *t, const container *c, const char *text) {
  for (const char *s = text; *s != '\0';) {
    const char *end = strncmp(s, "$(", 2) == 0 ? strchr(s, ')') : NULL;
    char name[128];
    size_t length = end != NULL ? (size_t)(end - s) - 2 : 0;
    if (strncmp(s, "$$(", 3) == 0) {
      vf_text_bytes(t, "$(", 2);
      s += 3;
      continue;
    }
    if (end == NULL || length >= sizeof name) {
      vf_text_bytes(t, s++, 1);
      continue;
    }
    memcpy(name, s + 2, length);
    name[length] = '\0';
    const char *value = vf_variables_get((void *)(uintptr_t)&c->own, name);
    if (value != NULL)
      vf_text_put(t, value);
    else
      vf_text_printf(t, "\1$(%s)", name);
    s = end + 1;
  }
}

/* No more than Linux gives a process in one word (execve(2), MAX_ARG_STRLEN): variables that are
 * made of each other double with each of them. */
static vf_status expand(const char **out, const container *c, const char *text, vf_error *err) {
  enum { MOST_WORD = 128 << 10 };
  vf_text length = vf_text_on(NULL, 0);
  *out = text;
  if (strstr(text, "$(") == NULL) return VF_OK;
  put_expanded(&length, c, text);
  if (length.length >= MOST_WORD)
    return vf_fail(err, VF_LIMIT, "%.100s: variables make a word of more than %d KiB", c->p->path,
                   MOST_WORD >> 10);
  char *room = vf_arena_alloc_raw(c->p->m->arena, length.length + 1, 1);
  if (room == NULL) return vf_fail_nomem(err);
  vf_text t = vf_text_on(room, length.length + 1);
  put_expanded(&t, c, text);
  *out = room;
  return VF_OK;
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
  const char *secret = vf_node_text(from, "secretRef/name");
  bool here = false;
  if (map == NULL && secret == NULL) return VF_OK;
  for (const vf_item *i = m->documents->items; map != NULL && i != NULL; i = i->next) {
    const char *kind = vf_node_text(i->value, "kind"),
               *name = vf_node_text(i->value, "metadata/name");
    const vf_node *data = vf_node_get(i->value, "data");
    if (kind == NULL || name == NULL || strcmp(kind, "ConfigMap") != 0 || strcmp(name, map) != 0 ||
        !vf_node_is(data, VF_NODE_MAP))
      continue;
    here = true;
    for (const vf_item *d = data->items; d != NULL; d = d->next) {
      vf_status status = vf_variables_add(&c->own, m->arena, d->key->text, d->value->text, err);
      if (status != VF_OK) return status;
    }
  }
  if (here) return VF_OK;
  return vf_manifest_beside(m, err, "variables of the %s '%.80s' are not here: not counted",
                            map != NULL ? "ConfigMap" : "Secret", map != NULL ? map : secret);
}

/* Its value is a Secret's, or of a ConfigMap that is not here. */
static vf_status add_unknown(container *c, const char *name, vf_error *err) {
  const char *text = vf_manifest_format(c->p->m, "%c$(%.200s)", VF_WORD_UNKNOWN, name);
  return text != NULL ? vf_variables_add(&c->own, c->p->m->arena, name, text, err)
                      : vf_fail_nomem(err);
}

static vf_status add_env(container *c, const vf_node *entry, vf_error *err) {
  const char *name = vf_node_text(entry, "name");
  const vf_node *value = vf_node_get(entry, "value");
  const char *map = vf_node_text(entry, "valueFrom/configMapKeyRef/name");
  const char *key = vf_node_text(entry, "valueFrom/configMapKeyRef/key");
  const char *text = vf_node_is(value, VF_NODE_SCALAR) ? value->text : NULL;
  if (name == NULL) return VF_OK;
  if (text == NULL && map != NULL && key != NULL) text = from_config_map(c->p->m, map, key);
  if (text == NULL && vf_node_is(vf_node_get(entry, "valueFrom"), VF_NODE_MAP))
    return add_unknown(c, name, err);
  if (text == NULL) return VF_OK;
  vf_status status = expand(&text, c, text, err);
  return status == VF_OK ? vf_variables_add(&c->own, c->p->m->arena, name, text, err) : status;
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

/* What an amount of a resource is. */
typedef enum meaning {
  COUNTS,  /* GPUs */
  SLICES,  /* parts of some GPU, called by what is behind the name: nvidia.com/mig-1g.10gb */
  MIB,     /* memory of each, which HAMi's and Volcano's schedulers deal out */
  PERCENT, /* the same as a part of all of it */
  NOTHING, /* a share of the computing, a priority: no memory */
  UNCLEAR  /* a part of a GPU, nobody knows how large */
} meaning;

/* The first that a name begins with counts; one that does not end in '-' or '/' is the whole name.
 * HAMi's: docs/userguide/nvidia-device of its site, "allocate device memory by percentage". */
static const struct {
  const char *name;
  meaning means;
} resources[] = {
    {"nvidia.com/gpu", COUNTS},
    {"nvidia.com/gpu.shared", COUNTS},
    {"nvidia.com/mig-", SLICES},
    {"nvidia.com/gpumem", MIB},
    {"nvidia.com/gpumem-percentage", PERCENT},
    {"nvidia.com/gpucores", NOTHING},
    {"nvidia.com/gpucores-percentage", NOTHING},
    {"nvidia.com/priority", NOTHING},
    {"nvidia.com/", UNCLEAR},
    {"volcano.sh/vgpu-number", COUNTS},
    {"volcano.sh/vgpu-memory", MIB},
    {"volcano.sh/vgpu-memory-percentage", PERCENT},
    {"volcano.sh/vgpu-cores", NOTHING},
    {"volcano.sh/", UNCLEAR},
    {"aliyun.com/gpu-", UNCLEAR},
    {"tencent.com/vcuda-", UNCLEAR},
    {"amd.com/gpu", COUNTS},
    {"amd.com/", UNCLEAR},
    {"gpu.intel.com/i915", COUNTS},
    {"gpu.intel.com/xe", COUNTS},
    {"gpu.intel.com/", UNCLEAR},
    {"habana.ai/", COUNTS},
    {"google.com/tpu", COUNTS},
    {"aws.amazon.com/neuron", COUNTS},
    {"aws.amazon.com/neurondevice", COUNTS},
    {"aws.amazon.com/neuroncore", COUNTS},
    {"huawei.com/", COUNTS},
};

/* Whether the resource is one of GPUs. */
static bool find_resource(meaning *out, const char *name) {
  for (size_t i = 0; i < sizeof resources / sizeof *resources; i++) {
    size_t n = strlen(resources[i].name);
    char last = resources[i].name[n - 1];
    bool begins = last == '-' || last == '/';
    if (strncmp(name, resources[i].name, n) != 0 || (!begins && name[n] != '\0')) continue;
    *out = resources[i].means;
    return true;
  }
  return false;
}

/* The first reason why it cannot be told stays. */
static void cannot_tell(vf_found_gpus *g, vf_manifest *m, const char *name, const char *amount,
                        const char *why) {
  const char *written = vf_word_written(amount, m->arena);
  if (g->unclear == NULL && written != NULL)
    g->unclear = vf_manifest_format(m, "it asks for %.80s: %.40s, %s", name, written, why);
}

static void take_slice(vf_found_gpus *g, vf_manifest *m, const char *name, const char *amount,
                       uint32_t n) {
  const char *slice = name + strlen("nvidia.com/mig-");
  if (g->slice != NULL && strcmp(g->slice, slice) != 0)
    cannot_tell(g, m, name, amount, "and for slices of another size");
  g->slice = slice;
  g->count = n;
}

static void take_resource(vf_found_gpus *g, vf_manifest *m, const char *name, const char *amount) {
  meaning means;
  uint64_t n = 0;
  bool whole = false;
  if (!find_resource(&means, name) || means == NOTHING) return;
  g->stated = true;
  if (means == UNCLEAR) {
    cannot_tell(g, m, name, amount, "of which nobody knows what part of a GPU it is");
  } else if (!vf_quantity_kubernetes(&n, &whole, amount) || !whole || n > UINT32_MAX) {
    cannot_tell(g, m, name, amount, "which is no number of them");
  } else if (means == MIB) {
    g->limit_bytes = n << 20;
  } else if (means == PERCENT) {
    g->limit_percent = n < 100 ? (uint32_t)n : 0;
  } else if (n == 0) {
    cannot_tell(g, m, name, amount, "so that it has none");
  } else if (means == SLICES) {
    take_slice(g, m, name, amount, (uint32_t)n);
  } else if (g->slice == NULL) {
    g->count = (uint32_t)n;
  }
}

/* Limits count more than requests, of which there is none without its limit. */
static void add_resources(vf_found_gpus *g, vf_manifest *m, const vf_node *of) {
  const vf_node *limits = vf_node_get(of, "limits"), *requests = vf_node_get(of, "requests");
  for (const vf_item *i = vf_node_is(requests, VF_NODE_MAP) ? requests->items : NULL; i != NULL;
       i = i->next)
    if (i->value->kind == VF_NODE_SCALAR && vf_node_key(limits, i->key->text) == NULL)
      take_resource(g, m, i->key->text, i->value->text);
  for (const vf_item *i = vf_node_is(limits, VF_NODE_MAP) ? limits->items : NULL; i != NULL;
       i = i->next)
    if (i->value->kind == VF_NODE_SCALAR) take_resource(g, m, i->key->text, i->value->text);
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

static vf_status read_memory(vf_found_gpus *g, const container *c, vf_error *err) {
  const char *text = vf_node_text(c->node, "resources/limits/memory");
  bool whole;
  if (text == NULL || vf_quantity_kubernetes(&g->host_bytes, &whole, text)) return VF_OK;
  return vf_manifest_beside(c->p->m, err, "its limit of main memory, '%.60s', is no size", text);
}

static void read_gpus(vf_found_gpus *g, const container *c, const vf_node *pod) {
  vf_manifest *m = c->p->m;
  add_resources(g, m, vf_node_get(c->node, "resources"));
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
    vf_status status = expand(&words[*n], c, i->value->text, err);
    if (status != VF_OK) return status;
    ++*n;
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

static vf_status read_container(place *p, const vf_node *node, const vf_node *pod, const char *list,
                                size_t index, vf_error *err) {
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
  vf_manifest_anew(m);
  vf_status status = read_env(&c, err);
  if (status == VF_OK) status = read_memory(&at.gpus, &c, err);
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
                ? vf_manifest_format(m, "%s/%s%s", p->path, p->inner, list)
                : vf_manifest_format(m, "%s/%s%s[%zu]", p->path, p->inner, list, index);
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

/* An init container ends before the others start, unless it is a sidecar, which is restarted. */
static vf_status read_containers(place *p, const vf_item *of, const vf_node *pod, vf_error *err) {
  size_t index = 0;
  vf_status status = VF_OK;
  bool init = strcmp(of->key->text, "initContainers") == 0;
  for (const vf_item *i = of->value->items; status == VF_OK && i != NULL; i = i->next, index++) {
    const char *policy = vf_node_text(i->value, "restartPolicy");
    bool stays = !init || (policy != NULL && strcmp(policy, "Always") == 0);
    if (i->value->kind == VF_NODE_MAP && stays)
      status = read_container(p, i->value, pod, of->key->text, index, err);
  }
  return status;
}

static bool has_containers(const vf_item *item) {
  return (strcmp(item->key->text, "containers") == 0 ||
          strcmp(item->key->text, "initContainers") == 0) &&
         item->value->kind == VF_NODE_LIST;
}

static vf_status walk(place *p, const vf_node *node, unsigned depth, vf_error *err) {
  size_t index = 0;
  vf_status status = vf_manifest_step(p->m, err);
  if (status != VF_OK || node->kind == VF_NODE_SCALAR || depth > 40) return status;
  for (const vf_item *i = node->items; status == VF_OK && i != NULL; i = i->next, index++) {
    bool named = i->key != NULL;
    if (named && strcmp(i->key->text, "metadata") == 0) continue;
    if (named && has_containers(i))
      status = read_containers(p, i, node, err);
    else if (named && strcmp(i->key->text, "mainContainer") == 0 && i->value->kind == VF_NODE_MAP)
      status = read_container(p, i->value, node, i->key->text, SIZE_MAX, err); /* NVIDIA Dynamo's */
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
  vf_manifest_anew(p->m);
  vf_status status = read_env(&c, err);
  if (status == VF_OK) status = add_words(&c, words, &n, "args", err);
  if (status == VF_OK) n = translate_kserve(p->m, words, n);
  at.count = n;
  if (n == SIZE_MAX) return vf_fail_nomem(err);
  if (status != VF_OK || at.path == NULL) return status != VF_OK ? status : vf_fail_nomem(err);
  read_gpus(&at.gpus, &c, vf_node_get(p->object, "spec/predictor"));
  status = read_memory(&at.gpus, &c, err);
  if (status != VF_OK) return status;
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
  vf_manifest_anew(m);
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
