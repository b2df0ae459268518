/* box_file.c - YAML of a box or of docker compose as the JSON that `place` reads.
 *
 * A compose file becomes what `docker compose config --format json` prints of it, as far as a
 * deployment goes: variables are those of the .env beside the file, "environment" is a map with
 * what env_file says in it, "extends" is followed, and command lines are texts.  A value stands in
 * the line that it had, so that messages name the line of the YAML. */
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "deploy/manifests/box_file.h"
#include "deploy/manifests/manifests.h"
#include "readers/json/json_scan.h"

enum { JSON_BYTES = VF_JSON_FILE_BYTES };

/* A text that grows; failed once there is no room for more. */
typedef struct json_text {
  vf_manifest *m;
  char *text;
  size_t length, room;
  uint32_t line;
  bool failed, too_long;
  const vf_variables *dot_env; /* NULL: nothing is replaced */
  bool as_text;                /* numbers are words of a command line */
} json_text;

static void put(json_text *j, const char *text, size_t n) {
  if (j->length + n + 1 > JSON_BYTES) j->too_long = true;
  if (j->too_long || j->failed) return;
  if (j->length + n + 1 > j->room) {
    size_t room = 2 * (j->length + n + 1) + 4096;
    char *wider = vf_arena_alloc_raw(j->m->arena, room, 1);
    if (wider == NULL) {
      j->failed = true;
      return;
    }
    if (j->length > 0) memcpy(wider, j->text, j->length);
    j->text = wider;
    j->room = room;
  }
  memcpy(j->text + j->length, text, n);
  j->length += n;
  j->text[j->length] = '\0';
}

static void put_string(json_text *j, const char *text) {
  char escaped[8];
  put(j, "\"", 1);
  for (const char *c = text; *c != '\0'; c++) {
    if ((unsigned char)*c < 0x20)
      put(j, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned)*c));
    else if (*c == '"' || *c == '\\')
      put(j, (char[]){'\\', *c}, 2);
    else
      put(j, c, 1);
  }
  put(j, "\"", 1);
}

/* On to the line that it had; what an alias names stands where it is used. */
static void go_to_line(json_text *j, uint32_t line) {
  for (; j->line < line; j->line++) put(j, "\n", 1);
}

/* A number, true, false or null of its own is none in quotes. */
static vf_status put_scalar(json_text *j, const vf_node *node, vf_error *err) {
  const char *text = node->text;
  if (j->dot_env != NULL) {
    vf_status status = vf_text_interpolate(&text, text, vf_variables_get,
                                           (void *)(uintptr_t)j->dot_env, j->m->arena, err);
    if (status != VF_OK && err != NULL) err->line = node->line;
    if (status != VF_OK) return status;
  }
  bool bare = !node->quoted && !j->as_text && text[0] != '"' && text[0] != '[' && text[0] != '{';
  if (bare && (text[0] == '\0' || strcmp(text, "~") == 0))
    put(j, "null", 4);
  else if (bare && vf_json_check(text, strlen(text), NULL) == VF_OK)
    put(j, text, strlen(text));
  else
    put_string(j, text);
  return VF_OK;
}

static void put_comma(json_text *j, bool *begun) {
  if (*begun) put(j, ",", 1);
  *begun = true;
}

static void put_key(json_text *j, bool *begun, const vf_node *key) {
  put_comma(j, begun);
  go_to_line(j, key->line);
  put_string(j, key->text);
  put(j, ":", 1);
}

static vf_status put_node(json_text *j, const vf_node *node, vf_error *err) {
  const vf_item *open[VF_NODE_DEPTH + 1];
  bool is_map[VF_NODE_DEPTH + 1], begun[VF_NODE_DEPTH + 1];
  for (size_t depth = 0; node != NULL;) {
    vf_status status = vf_manifest_step(j->m, err);
    if (status != VF_OK) return status;
    go_to_line(j, node->line);
    if (node->kind == VF_NODE_SCALAR) {
      status = put_scalar(j, node, err);
      if (status != VF_OK) return status;
    } else if (depth > VF_NODE_DEPTH) {
      return vf_fail(err, VF_LIMIT, "it is nested more than %d deep", VF_NODE_DEPTH);
    } else {
      is_map[depth] = node->kind == VF_NODE_MAP;
      begun[depth] = false;
      put(j, is_map[depth] ? "{" : "[", 1);
      open[depth++] = node->items;
    }
    for (; depth > 0 && open[depth - 1] == NULL; depth--) put(j, is_map[depth - 1] ? "}" : "]", 1);
    if (depth == 0) break;
    const vf_item *item = open[depth - 1];
    open[depth - 1] = item->next;
    if (is_map[depth - 1])
      put_key(j, &begun[depth - 1], item->key);
    else
      put_comma(j, &begun[depth - 1]);
    node = item->value;
  }
  return VF_OK;
}

/* ---- A service -------------------------------------------------------------------------- */

static bool is_one_of(const char *key, const char *const *names, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(key, names[i]) == 0) return true;
  return false;
}

static vf_status put_field(json_text *j, bool *begun, const vf_item *item, vf_error *err) {
  static const char *const texts[] = {"command", "entrypoint", "image", "profiles"};
  put_key(j, begun, item->key);
  j->as_text = is_one_of(item->key->text, texts, sizeof texts / sizeof *texts);
  vf_status status = put_node(j, item->value, err);
  j->as_text = false;
  return status;
}

static void put_environment(json_text *j, bool *begun, const vf_variables *own) {
  if (own->count == 0) return;
  put_comma(j, begun);
  put(j, "\"environment\":{", 15);
  const char *between = "";
  for (size_t i = 0; i < own->count; i++) {
    if (vf_variables_get((void *)(uintptr_t)own, own->names[i]) != own->values[i]) continue;
    put(j, between, strlen(between));
    between = ",";
    put_string(j, own->names[i]);
    put(j, ":", 1);
    put_string(j, own->values[i]);
  }
  put(j, "}", 1);
}

/* An env_file that is not here stays, so that an engine that needs it is not added up without. */
static void put_lacking(json_text *j, bool *begun, const char *name) {
  if (name == NULL) return;
  put_comma(j, begun);
  put(j, "\"env_file\":", 11);
  put_string(j, name);
}

static vf_status put_service(json_text *j, bool *service_begun, const vf_item *document,
                             const vf_item *item, vf_error *err) {
  static const char *const others[] = {"extends", "env_file", "environment"};
  vf_compose_service s;
  bool begun = false, last;
  vf_status status = vf_compose_service_read(&s, &last, j->m, j->dot_env, document, item, err);
  if (status != VF_OK || !last) return status;
  put_key(j, service_begun, item->key);
  go_to_line(j, item->value->line);
  put(j, "{", 1);
  for (size_t c = 0; status == VF_OK && c < s.n_chain; c++)
    for (const vf_item *i = s.chain[c]->items; status == VF_OK && i != NULL; i = i->next) {
      bool said = is_one_of(i->key->text, others, sizeof others / sizeof *others);
      for (size_t nearer = 0; nearer < c; nearer++)
        said |= vf_node_get(s.chain[nearer], i->key->text) != NULL;
      if (!said) status = put_field(j, &begun, i, err);
    }
  if (status == VF_OK) put_environment(j, &begun, &s.own);
  if (status == VF_OK) put_lacking(j, &begun, s.lacks);
  put(j, "}", 1);
  return status;
}

/* Those of all documents. */
static vf_status put_services(json_text *j, bool *begun, const vf_node *key, vf_error *err) {
  bool service_begun = false;
  vf_status status = VF_OK;
  put_key(j, begun, key);
  put(j, "{", 1);
  for (const vf_item *d = j->m->documents->items; d != NULL; d = d->next) {
    const vf_node *services = vf_node_get(d->value, "services");
    if (!vf_node_is(services, VF_NODE_MAP)) continue;
    for (const vf_item *s = services->items; status == VF_OK && s != NULL; s = s->next)
      if (s->value->kind == VF_NODE_MAP) status = put_service(j, &service_begun, d, s, err);
  }
  put(j, "}", 1);
  return status;
}

/* Whether no later document has the key. */
static bool is_last(const vf_item *document, const vf_item *item) {
  for (const vf_item *d = document->next; d != NULL; d = d->next)
    if (vf_node_key(d->value, item->key->text) != NULL) return false;
  return true;
}

static vf_status put_compose(json_text *j, vf_error *err) {
  static const char *const kept[] = {"name", "x-vramfit"};
  bool begun = false, services_put = false;
  vf_status status = VF_OK;
  put(j, "{", 1);
  for (const vf_item *d = j->m->documents->items; d != NULL; d = d->next) {
    const vf_item *i = vf_node_is(d->value, VF_NODE_MAP) ? d->value->items : NULL;
    for (; status == VF_OK && i != NULL; i = i->next) {
      bool services = strcmp(i->key->text, "services") == 0 && !services_put;
      if (is_one_of(i->key->text, kept, 2) && is_last(d, i)) status = put_field(j, &begun, i, err);
      if (services) status = put_services(j, &begun, i->key, err);
      services_put |= services;
    }
  }
  put(j, "}", 1);
  return status;
}

/* What can only be half read is an error here: what a box holds is added up. */
static vf_status refuse(void *user, const char *path, uint32_t line, const char *reason,
                        vf_error *err) {
  (void)user;
  vf_status status = vf_fail(err, VF_MALFORMED, "%.100s: %.200s", path, reason);
  if (err != NULL) err->line = line;
  return status;
}

vf_status vf_box_file_json(char **out, size_t *out_length, const vf_context *ctx, vf_arena *arena,
                           const char *file, const char *text, size_t length, vf_error *err) {
  const vf_manifest_sink sink = {.passed = refuse};
  vf_manifest m = {.ctx = ctx, .sink = &sink, .file = file, .arena = arena};
  json_text j = {.m = &m, .line = 1};
  vf_variables dot_env = {0};
  bool found;
  const char *slash = strrchr(file, '/');
  m.folder = slash != NULL ? vf_arena_copy(arena, file, (size_t)(slash + 1 - file)) : "";
  if (m.folder == NULL) return vf_fail_nomem(err);
  if (strlen(text) != length) return vf_fail(err, VF_MALFORMED, "it has a NUL in it: no text");
  vf_status status = vf_node_read_yaml(&m.documents, text, length, arena, err);
  m.root = status == VF_OK ? vf_node_at(m.documents, 0) : NULL;
  if (status == VF_OK && !vf_node_is(m.root, VF_NODE_MAP))
    return vf_fail(err, VF_MALFORMED, "a box or a compose file is expected: keys with values");
  if (status == VF_OK && vf_node_is(vf_node_get(m.root, "services"), VF_NODE_MAP)) {
    status = vf_manifest_env_file(&m, &dot_env, ".env", VF_ENV_COMPOSE, NULL, &found, err);
    j.dot_env = &dot_env;
    if (status == VF_OK) status = vf_compose_includes(&m, err);
    if (status == VF_OK) status = put_compose(&j, err);
  } else if (status == VF_OK && m.documents->count > 1) {
    return vf_fail(err, VF_MALFORMED, "a box is one document, and there are %zu",
                   m.documents->count);
  } else if (status == VF_OK) {
    status = put_node(&j, m.root, err);
  }
  if (status != VF_OK) return status;
  if (j.too_long)
    return vf_fail(err, VF_LIMIT, "as JSON it has more than %d MiB", JSON_BYTES >> 20);
  if (j.failed) return vf_fail_nomem(err);
  *out = j.text;
  *out_length = j.length;
  return VF_OK;
}
