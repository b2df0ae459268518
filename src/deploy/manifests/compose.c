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
  if (m->documents == NULL || vf_node_get(m->root, "kind") != NULL) return false;
  for (const vf_item *d = m->documents->items; d != NULL; d = d->next)
    if (vf_node_is(vf_node_get(d->value, "services"), VF_NODE_MAP)) return true;
  return false;
}

/* Of several documents the later ones stand over the earlier (compose-go, loader.go). */
const char *vf_compose_key(const vf_manifest *m, const char *path) {
  const char *text = NULL;
  for (const vf_item *d = m->documents->items; d != NULL; d = d->next) {
    const char *here = vf_node_text(d->value, path);
    if (here != NULL) text = here;
  }
  return text;
}

vf_status vf_compose_includes(vf_manifest *m, vf_error *err) {
  vf_status status = VF_OK;
  for (const vf_item *d = m->documents->items; status == VF_OK && d != NULL; d = d->next) {
    const vf_node *key = vf_node_key(d->value, "include");
    if (key != NULL)
      status = vf_manifest_pass(m, "include", key->line, err,
                                "what other files bring is not read: check them, too");
  }
  return status;
}

/* A service as each document has it, the last one first. */
static vf_status chain_documents(service *s, bool *last, const vf_item *document,
                                 const vf_item *item, vf_error *err) {
  const vf_node *nodes[VF_COMPOSE_CHAIN];
  vf_status status = VF_OK;
  size_t n = 0;
  *last = true;
  for (const vf_item *d = s->m->documents->items; status == VF_OK && d != NULL; d = d->next) {
    const vf_node *node = item->value;
    if (d != document) {
      const vf_node *services = vf_node_get(d->value, "services");
      s->m->steps += services != NULL ? services->count : 0;
      status = vf_manifest_step(s->m, err);
      node = vf_node_get(services, item->key->text);
    }
    if (!vf_node_is(node, VF_NODE_MAP)) continue;
    if (n == VF_COMPOSE_CHAIN / 2)
      return vf_fail(err, VF_LIMIT, "%.80s stands in more documents than are read", s->name);
    nodes[n++] = node;
    *last = d == document;
  }
  for (; n > 0; n--) s->chain[s->n_chain++] = nodes[n - 1];
  return status;
}

/* The nearest that says it. */
static const vf_node *field(const service *s, const char *path) {
  for (size_t i = 0; i < s->n_chain; i++) {
    const vf_node *node = vf_node_get(s->chain[i], path);
    if (node != NULL && (node->tag == NULL || strcmp(node->tag, "!reset") != 0)) return node;
  }
  return NULL;
}

/* NULL for NULL, and for what cannot be read, which the service keeps. */
static const char *interpolated(service *s, const char *text) {
  const char *out = NULL;
  vf_error cause = {.status = VF_OK};
  if (text == NULL) return NULL;
  vf_status status = vf_text_interpolate(&out, text, vf_variables_get,
                                         (void *)(uintptr_t)s->dot_env, s->m->arena, &cause);
  if (status == VF_OK) return out;
  if (s->status == VF_OK) s->trouble = cause;
  if (s->status == VF_OK) s->status = status;
  return NULL;
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

/* A name without a value is the shell's, or that of the .env; else it is not known. */
static vf_status add_shells(service *s, const char *name, vf_error *err) {
  const char *value = vf_variables_get((void *)(uintptr_t)s->dot_env, name);
  if (value == NULL) value = vf_manifest_format(s->m, "%c${%.200s}", VF_WORD_UNKNOWN, name);
  return value != NULL ? vf_variables_add(&s->own, s->m->arena, name, value, err)
                       : vf_fail_nomem(err);
}

/* A map, or a list of "A=b". */
static vf_status add_environment(service *s, const vf_node *node, vf_error *err) {
  vf_status status = VF_OK;
  if (node == NULL || node->kind == VF_NODE_SCALAR) return VF_OK;
  for (const vf_item *i = node->items; status == VF_OK && i != NULL; i = i->next) {
    const char *text = vf_node_text(i->value, NULL);
    const char *equals = text != NULL ? strchr(text, '=') : NULL;
    if (node->kind == VF_NODE_MAP) {
      status =
          text != NULL ? add_pair(s, i->key->text, text, err) : add_shells(s, i->key->text, err);
    } else if (equals != NULL) {
      const char *name = vf_arena_copy(s->m->arena, text, (size_t)(equals - text));
      status = name != NULL ? add_pair(s, name, equals + 1, err) : vf_fail_nomem(err);
    } else if (text != NULL) {
      status = add_shells(s, text, err);
    }
  }
  return status;
}

/* docker starts nothing without one that is required. */
static vf_status add_env_file(service *s, const vf_node *node, vf_error *err) {
  const char *name = vf_node_text(node, NULL), *required = vf_node_text(node, "required");
  bool found, may_lack = required != NULL && strcmp(required, "false") == 0;
  if (name == NULL) name = vf_node_text(node, "path");
  name = interpolated(s, name);
  if (name == NULL) return VF_OK;
  vf_status status =
      vf_manifest_env_file(s->m, &s->own, name, VF_ENV_COMPOSE, s->dot_env, &found, err);
  if (status != VF_OK || found || may_lack) return status;
  s->lacks = vf_word_written(name, s->m->arena);
  if (s->lacks == NULL) return vf_fail_nomem(err);
  return vf_manifest_beside(s->m, err, "its env_file '%.120s' is not here: not counted", s->lacks);
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

/* "all" and -1 are all that there are. */
static void take_count(vf_found_gpus *g, const service *s, const char *count) {
  if (count == NULL || strcmp(count, "all") == 0 || strcmp(count, "-1") == 0)
    g->all = true;
  else
    vf_manifest_count(s->m, g, count);
}

static void add_reservation(vf_found_gpus *g, service *s, const vf_node *device) {
  const vf_node *capabilities = vf_node_get(device, "capabilities");
  const vf_node *ids = vf_node_get(device, "device_ids");
  bool gpu = capabilities == NULL;
  if (vf_node_is(capabilities, VF_NODE_LIST))
    for (const vf_item *i = capabilities->items; i != NULL; i = i->next)
      gpu |= strcmp(i->value->text, "gpu") == 0 || i->value->kind == VF_NODE_LIST;
  if (!gpu) return;
  g->stated = true;
  if (!vf_node_is(ids, VF_NODE_LIST) || ids->count == 0) {
    take_count(g, s, interpolated(s, vf_node_text(device, "count")));
    return;
  }
  g->count = 0;
  for (const vf_item *i = ids->items; i != NULL; i = i->next) {
    g->count++;
    for (const char *c = i->value->text; *c != '\0'; c++) g->count += *c == ',';
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

static vf_status read_memory(vf_found_gpus *g, service *s, vf_error *err) {
  static const char *const keys[] = {"mem_limit", "deploy/resources/limits/memory"};
  vf_status status = VF_OK;
  for (size_t i = 0; status == VF_OK && i < sizeof keys / sizeof *keys; i++)
    status = vf_manifest_host_memory(s->m, g,
                                     interpolated(s, vf_node_text(field(s, keys[i]), NULL)), err);
  return status;
}

/* "scale", or "deploy: replicas": all of them on the same GPUs. */
static void read_copies(vf_found_gpus *g, service *s) {
  static const char *const keys[] = {"scale", "deploy/replicas"};
  uint64_t n = 0;
  bool whole;
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const char *text = interpolated(s, vf_node_text(field(s, keys[i]), NULL));
    if (text == NULL) continue;
    bool number = vf_quantity_kubernetes(&n, &whole, text) && n <= UINT32_MAX;
    const char *written = vf_word_written(text, s->m->arena);
    if (number)
      g->copies = (uint32_t)n;
    else if (g->unclear == NULL && written != NULL)
      g->unclear = vf_manifest_format(s->m, "'%.60s' is not how many containers run it", written);
    return;
  }
}

static void read_gpus(vf_found_gpus *g, service *s) {
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
  bool as_unset = visible == NULL || visible[0] == '\0' || strcmp(visible, "all") == 0 ||
                  strcmp(visible, "void") == 0;
  if (!as_unset) g->visible = visible;
}

/* What x-vramfit says of the service, or of all, is no wish of the service's. */
static void read_mapping(vf_found_gpus *g, service *s) {
  const char *named = vf_node_text(field(s, "x-vramfit"), "gpu");
  const char *count = vf_node_text(field(s, "x-vramfit"), "gpus");
  if (named == NULL) named = vf_compose_key(s->m, "x-vramfit/gpu");
  if (count == NULL) count = vf_compose_key(s->m, "x-vramfit/gpus");
  if (named != NULL) vf_manifest_gpu(s->m, g, named);
  if (count != NULL) vf_manifest_count(s->m, g, count);
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

/* docker refuses such a file, and no other value stands for one that cannot be read. */
static vf_status tell_trouble(const service *s, uint32_t line, vf_error *err) {
  if (s->status == VF_NOMEM) return vf_fail_nomem(err);
  vf_status status = vf_fail(err, s->status, "%.100s: %.200s", s->path, s->trouble.message);
  if (err != NULL) err->line = line;
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
  read_copies(&at.gpus, s);
  at.asks_gpu = at.gpus.stated;
  read_mapping(&at.gpus, s);
  vf_error cause = {.status = VF_OK};
  vf_status status = read_memory(&at.gpus, s, err);
  if (status != VF_OK) return status;
  status = add_field(s, words, &n, "entrypoint", &cause);
  if (status == VF_OK) status = add_field(s, words, &n, "command", &cause);
  if (status != VF_OK)
    return vf_manifest_pass(s->m, s->path, line, err, "its command: %.200s", cause.message);
  if (s->status != VF_OK) return tell_trouble(s, line, err);
  at.count = n;
  return vf_manifest_words(s->m, &at, err);
}

vf_status vf_compose_service_read(vf_compose_service *out, bool *last, vf_manifest *m,
                                  const vf_variables *dot_env, const vf_item *document,
                                  const vf_item *item, vf_error *err) {
  *out = (vf_compose_service){.m = m, .name = item->key->text, .dot_env = dot_env};
  out->path = vf_manifest_format(m, "services.%.200s", out->name);
  if (out->path == NULL) return vf_fail_nomem(err);
  vf_status status = chain_documents(out, last, document, item, err);
  if (status != VF_OK || !*last) return status;
  vf_manifest_anew(m);
  status = follow_extends(out, vf_node_get(document->value, "services"), err);
  if (status == VF_OK) status = read_environment(out, err);
  return out->status != VF_OK ? tell_trouble(out, item->key->line, err) : status;
}

static vf_status read_service(vf_manifest *m, const vf_variables *dot_env, const vf_item *document,
                              const vf_item *item, vf_error *err) {
  service s;
  bool last;
  if (item->value->kind != VF_NODE_MAP) return VF_OK;
  vf_status status = vf_compose_service_read(&s, &last, m, dot_env, document, item, err);
  if (status != VF_OK || !last) return status;
  return read_words(&s, item->key->line, item->key->column, err);
}

static vf_status read_services(vf_manifest *m, const vf_variables *dot_env, const vf_item *document,
                               vf_error *err) {
  const vf_node *services = vf_node_get(document->value, "services");
  vf_status status = VF_OK;
  if (!vf_node_is(services, VF_NODE_MAP)) return VF_OK;
  for (const vf_item *i = services->items; status == VF_OK && i != NULL; i = i->next) {
    status = vf_manifest_step(m, err);
    if (status == VF_OK) status = read_service(m, dot_env, document, i, err);
  }
  return status;
}

static vf_status read_compose(vf_manifest *m, vf_error *err) {
  vf_variables dot_env = {0};
  bool found;
  vf_status status = vf_manifest_env_file(m, &dot_env, ".env", VF_ENV_COMPOSE, NULL, &found, err);
  for (const vf_item *d = m->documents->items; status == VF_OK && d != NULL; d = d->next)
    status = read_services(m, &dot_env, d, err);
  return status == VF_OK ? vf_compose_includes(m, err) : status;
}

const vf_manifest_kind vf_kind_compose = {"docker compose", is_compose, read_compose};
