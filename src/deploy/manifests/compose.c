/* compose.c - docker compose files: which services run an engine, and with what.
 *
 * Values are interpolated before anything else, from the .env beside the file; what neither it nor
 * a default says stays unknown.  A service's variables are those of its env_file, then its
 * environment.  "extends" is followed, a limited number of times.  Every profile counts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "deploy/manifests/manifests.h"
#include "readers/catalog.h"
#include "readers/files.h"

typedef vf_compose_service service;

static bool is_compose(const vf_manifest *m) {
  const vf_node *services = vf_node_get(m->root, "services");
  return vf_node_is(services, VF_NODE_MAP) && vf_node_get(m->root, "kind") == NULL;
}

/* The nearest that says it. */
static const vf_node *field(const service *s, const char *path) {
  for (size_t i = 0; i < s->n_chain; i++) {
    const vf_node *node = vf_node_get(s->chain[i], path);
    if (node != NULL && (node->tag == NULL || strcmp(node->tag, "!reset") != 0)) return node;
  }
  return NULL;
}

static const char *interpolated(const service *s, const char *text) {
  return text != NULL ? vf_text_interpolate(text, vf_variables_get, (void *)(uintptr_t)s->dot_env,
                                            s->m->arena)
                      : NULL;
}

/* ---- What it extends -------------------------------------------------------------------- */

/* The services of another file beside this one. */
static vf_status other_services(const vf_node **out, service *s, const char *file, vf_error *err) {
  vf_manifest *m = s->m;
  char *text;
  size_t length;
  const vf_node *documents;
  vf_path_kind kind = VF_PATH_NONE;
  *out = NULL;
  if (file[0] == '/') return VF_OK;
  const char *path = vf_manifest_format(m, "%s%s", m->folder, file);
  if (path == NULL) return vf_fail_nomem(err);
  if (vf_files_look(&kind, &m->ctx->files, path, NULL) != VF_OK || kind != VF_PATH_FILE)
    return VF_OK;
  vf_status status = vf_files_read(&text, &length, &m->ctx->files, path, 1 << 20, m->arena, err);
  if (status == VF_OK) status = vf_node_read_yaml(&documents, text, length, m->arena, err);
  if (status == VF_OK) *out = vf_node_get(vf_node_at(documents, 0), "services");
  return status;
}

static vf_status follow_extends(service *s, const vf_node *services, vf_error *err) {
  while (s->n_chain < VF_COMPOSE_CHAIN) {
    const vf_node *extends = vf_node_get(s->chain[s->n_chain - 1], "extends");
    const char *name = vf_node_text(extends, NULL), *file = vf_node_text(extends, "file");
    if (name == NULL) name = vf_node_text(extends, "service");
    if (name == NULL) return VF_OK;
    if (file != NULL) {
      vf_status status = other_services(&services, s, file, err);
      if (status != VF_OK) return status;
      if (services == NULL)
        return vf_manifest_pass(s->m, s->path, extends->line, err,
                                "it extends a service of %.120s, which is not here", file);
    }
    const vf_node *base = vf_node_get(services, name);
    for (size_t i = 0; i < s->n_chain; i++)
      if (base == s->chain[i]) base = NULL; /* a circle */
    if (base == NULL)
      return vf_manifest_pass(s->m, s->path, extends->line, err,
                              "it extends '%.80s', which is not there or extends it", name);
    s->chain[s->n_chain++] = base;
  }
  return VF_OK;
}

/* ---- Its environment -------------------------------------------------------------------- */

static vf_status add_pair(service *s, const char *name, const char *value, vf_error *err) {
  const char *text = interpolated(s, value);
  if (text == NULL) return vf_fail_nomem(err);
  return vf_variables_add(&s->own, s->m->arena, name, text, err);
}

/* A map, or a list of "A=b"; a name without a value is the shell's, which is not known. */
static vf_status add_environment(service *s, const vf_node *node, vf_error *err) {
  vf_status status = VF_OK;
  if (node == NULL || node->kind == VF_NODE_SCALAR) return VF_OK;
  for (const vf_item *i = node->items; status == VF_OK && i != NULL; i = i->next) {
    const char *text = vf_node_text(i->value, NULL);
    if (text == NULL) continue;
    if (node->kind == VF_NODE_MAP) {
      status = add_pair(s, i->key->text, text, err);
      continue;
    }
    const char *equals = strchr(text, '=');
    const char *name =
        equals != NULL ? vf_arena_copy(s->m->arena, text, (size_t)(equals - text)) : "";
    if (equals != NULL)
      status = name != NULL ? add_pair(s, name, equals + 1, err) : vf_fail_nomem(err);
  }
  return status;
}

static vf_status add_env_file(service *s, const vf_node *node, vf_error *err) {
  const char *name = vf_node_text(node, NULL);
  bool found;
  if (name == NULL) name = vf_node_text(node, "path");
  name = interpolated(s, name);
  if (name == NULL) return VF_OK;
  return vf_manifest_env_file(s->m, &s->own, name, &found, err);
}

/* Farthest first: later ones win. */
static vf_status read_environment(service *s, vf_error *err) {
  vf_status status = VF_OK;
  for (size_t i = s->n_chain; status == VF_OK && i-- > 0;) {
    const vf_node *files = vf_node_get(s->chain[i], "env_file");
    if (vf_node_is(files, VF_NODE_LIST))
      for (const vf_item *f = files->items; status == VF_OK && f != NULL; f = f->next)
        status = add_env_file(s, f->value, err);
    else if (files != NULL)
      status = add_env_file(s, files, err);
  }
  for (size_t i = s->n_chain; status == VF_OK && i-- > 0;)
    status = add_environment(s, vf_node_get(s->chain[i], "environment"), err);
  return status;
}

static const char *variable(void *user, const char *name) {
  const service *s = user;
  return vf_variables_get((void *)(uintptr_t)&s->own, name);
}

/* ---- Its GPUs --------------------------------------------------------------------------- */

static void add_reservation(vf_found_gpus *g, const service *s, const vf_node *device) {
  const vf_node *capabilities = vf_node_get(device, "capabilities");
  const char *count = interpolated(s, vf_node_text(device, "count"));
  const vf_node *ids = vf_node_get(device, "device_ids");
  bool gpu = capabilities == NULL;
  if (vf_node_is(capabilities, VF_NODE_LIST))
    for (const vf_item *i = capabilities->items; i != NULL; i = i->next)
      gpu |= strcmp(i->value->text, "gpu") == 0 || i->value->kind == VF_NODE_LIST;
  if (!gpu) return;
  g->stated = true;
  if (vf_node_is(ids, VF_NODE_LIST) && ids->count > 0) {
    g->count = 0;
    for (const vf_item *i = ids->items; i != NULL; i = i->next) {
      g->count++;
      for (const char *c = i->value->text; *c != '\0'; c++) g->count += *c == ',';
    }
  } else if (count == NULL || strcmp(count, "all") == 0 || count[0] == '-') {
    g->all = true;
  } else if (!vf_word_is_unknown(count)) {
    unsigned long n = strtoul(count, NULL, 10);
    g->count = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
  }
}

/* /dev/kfd or /dev/dri: AMD's and Intel's. */
static bool has_gpu_device(const vf_node *devices) {
  if (!vf_node_is(devices, VF_NODE_LIST)) return false;
  for (const vf_item *i = devices->items; i != NULL; i = i->next)
    if (strncmp(i->value->text, "/dev/kfd", 8) == 0 ||
        strncmp(i->value->text, "/dev/dri", 8) == 0 ||
        strncmp(i->value->text, "/dev/nvidia", 11) == 0 ||
        strncmp(i->value->text, "nvidia.com/gpu", 14) == 0)
      return true;
  return false;
}

static void read_gpus(vf_found_gpus *g, service *s) {
  vf_manifest_host_memory(g, interpolated(s, vf_node_text(field(s, "mem_limit"), NULL)), true);
  vf_manifest_host_memory(
      g, interpolated(s, vf_node_text(field(s, "deploy/resources/limits/memory"), NULL)), true);
  const vf_node *devices = field(s, "deploy/resources/reservations/devices");
  const vf_node *gpus = field(s, "gpus");
  const char *runtime = vf_node_text(field(s, "runtime"), NULL);
  if (vf_node_is(devices, VF_NODE_LIST))
    for (const vf_item *i = devices->items; i != NULL; i = i->next) add_reservation(g, s, i->value);
  if (vf_node_is(gpus, VF_NODE_LIST))
    for (const vf_item *i = gpus->items; i != NULL; i = i->next) add_reservation(g, s, i->value);
  else if (gpus != NULL)
    g->stated = g->all = true;
  if (!g->stated &&
      ((runtime != NULL && strcmp(runtime, "nvidia") == 0) || has_gpu_device(field(s, "devices"))))
    g->stated = g->all = true;
  const char *visible = vf_variables_get(&s->own, "NVIDIA_VISIBLE_DEVICES");
  if (visible != NULL && strcmp(visible, "all") != 0 && strcmp(visible, "void") != 0)
    g->visible = visible;
}

/* What x-vramfit says of the service, or of all, is no wish of the service's. */
static void read_mapping(vf_found_gpus *g, service *s) {
  const char *named = vf_node_text(field(s, "x-vramfit"), "gpu");
  if (named == NULL) named = vf_node_text(s->m->root, "x-vramfit/gpu");
  if (named != NULL) vf_manifest_gpu(s->m, g, named);
}

/* ---- A service -------------------------------------------------------------------------- */

static vf_status add_field(service *s, const char **words, size_t *n, const char *key,
                           vf_error *err) {
  const vf_node *node = field(s, key);
  if (vf_node_is(node, VF_NODE_LIST)) {
    for (const vf_item *i = node->items; i != NULL && *n < VF_MANIFEST_WORDS; i = i->next)
      if (i->value->kind == VF_NODE_SCALAR) {
        s->m->lines[*n] = i->value->line;
        words[*n] = interpolated(s, i->value->text);
        if (words[(*n)++] == NULL) return vf_fail_nomem(err);
      }
    return VF_OK;
  }
  vf_node text = {.kind = VF_NODE_SCALAR, .quoted = true};
  text.text = interpolated(s, vf_node_text(node, NULL));
  size_t first = *n;
  vf_status status = text.text != NULL ? vf_manifest_add_words(s->m, words, n, &text, err) : VF_OK;
  for (; first < *n; first++) s->m->lines[first] = node->line;
  return status;
}

static vf_status read_words(service *s, uint32_t line, uint32_t column, vf_error *err) {
  const char **words = s->m->words;
  const char *image = interpolated(s, vf_node_text(field(s, "image"), NULL));
  size_t n = 0;
  vf_words_at at = {.path = s->path,
                    .line = line,
                    .column = column,
                    .image = image != NULL ? image : "",
                    .words = words,
                    .lines = s->m->lines,
                    .variables = variable,
                    .user = s};
  read_gpus(&at.gpus, s);
  at.asks_gpu = at.gpus.stated;
  read_mapping(&at.gpus, s);
  vf_error cause = {.status = VF_OK};
  vf_status status = add_field(s, words, &n, "entrypoint", &cause);
  if (status == VF_OK) status = add_field(s, words, &n, "command", &cause);
  if (status != VF_OK)
    return vf_manifest_pass(s->m, s->path, line, err, "its command: %.200s", cause.message);
  at.count = n;
  return vf_manifest_words(s->m, &at, err);
}

vf_status vf_compose_service_read(vf_compose_service *out, vf_manifest *m,
                                  const vf_variables *dot_env, const vf_node *services,
                                  const vf_item *item, vf_error *err) {
  *out = (vf_compose_service){.m = m, .name = item->key->text, .dot_env = dot_env};
  out->path = vf_manifest_format(m, "services.%.200s", out->name);
  if (out->path == NULL) return vf_fail_nomem(err);
  out->chain[out->n_chain++] = item->value;
  vf_status status = follow_extends(out, services, err);
  return status == VF_OK ? read_environment(out, err) : status;
}

static vf_status read_service(vf_manifest *m, const vf_variables *dot_env, const vf_node *services,
                              const vf_item *item, vf_error *err) {
  service s;
  if (item->value->kind != VF_NODE_MAP) return VF_OK;
  vf_status status = vf_compose_service_read(&s, m, dot_env, services, item, err);
  return status == VF_OK ? read_words(&s, item->key->line, item->key->column, err) : status;
}

static vf_status read_compose(vf_manifest *m, vf_error *err) {
  vf_variables dot_env = {0};
  bool found;
  const vf_node *services = vf_node_get(m->root, "services");
  vf_status status = vf_manifest_env_file(m, &dot_env, ".env", &found, err);
  for (const vf_item *i = services->items; status == VF_OK && i != NULL; i = i->next) {
    status = vf_manifest_step(m, err);
    if (status == VF_OK) status = read_service(m, &dot_env, services, i, err);
  }
  return status;
}

const vf_manifest_kind vf_kind_compose = {"docker compose", is_compose, read_compose};
