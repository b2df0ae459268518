/* user_catalog.c - users' own entries, before those that are built in. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/args.h"
#include "base/names.h"
#include "base/status.h"
#include "deploy/load.h"
#include "models/arch.h"
#include "readers/catalog_build.h"
#include "readers/config.h"
#include "readers/device.h"
#include "readers/entry.h"
#include "readers/files.h"
#include "readers/json/json_scan.h"
#include "readers/measured.h"
#include "vramfit/inspect.h"

enum { PATH_BYTES = 4096, MAX_FILES = 1000 };

/* ---- The files -------------------------------------------------------------------------- */

typedef struct file_list {
  const vf_files *files;
  vf_arena *arena;
  const char *folder; /* that is being listed */
  vf_status status;   /* of the first name that could not be kept */
  char *paths[MAX_FILES];
  size_t n;
  bool has_kinds, has_others; /* names of a catalog's folders, and names that none has */
} file_list;

static bool is_kinds_folder(const char *name) {
  for (int i = 0; i < VF_CATALOG_COUNT; i++)
    if (strcmp(vf_catalog_kinds[i].folder, name) == 0) return true;
  return false;
}

static bool is_json(const char *name) {
  size_t n = strlen(name);
  return n > 5 && name[0] != '.' && strcmp(name + n - 5, ".json") == 0;
}

static bool add_name(void *context, const char *name) {
  file_list *list = context;
  char file[PATH_BYTES];
  if (!is_json(name)) {
    bool kinds = is_kinds_folder(name);
    list->has_kinds |= kinds;
    list->has_others |= name[0] != '.' && !kinds;
    return true;
  }
  int n = snprintf(file, sizeof file, "%s/%s", list->folder, name);
  if (n < 0 || (size_t)n >= sizeof file || list->n == MAX_FILES)
    list->status = VF_LIMIT;
  else if ((list->paths[list->n++] = vf_arena_copy(list->arena, file, (size_t)n)) == NULL)
    list->status = VF_NOMEM;
  return list->status == VF_OK;
}

static vf_status list_folder(file_list *list, const char *path, vf_error *err) {
  list->folder = path;
  vf_status status = vf_files_list(list->files, path, add_name, list, err);
  if (status != VF_OK) return status;
  if (list->status == VF_NOMEM) return vf_fail_nomem(err);
  if (list->status == VF_OK) return VF_OK;
  return vf_fail_at(err, list->status, path, "", "holds more than %d files, or too long names",
                    MAX_FILES);
}

/* models/, gpus/… of a folder, each of which may be absent. */
static vf_status list_kind(file_list *list, const char *path, int kind, vf_error *err) {
  char folder[PATH_BYTES];
  vf_path_kind what;
  int n = snprintf(folder, sizeof folder, "%s/%s", path, vf_catalog_kinds[kind].folder);
  if (n < 0 || (size_t)n >= sizeof folder) return VF_OK;
  vf_status status = vf_files_look(&what, list->files, folder, err);
  return status == VF_OK && what == VF_PATH_FOLDER ? list_folder(list, folder, err) : status;
}

static int compare_paths(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One file, or a folder with files in it and in its folders: models/, gpus/… */
static vf_status list_files(file_list *list, const char *path, vf_error *err) {
  vf_path_kind kind;
  vf_status status = vf_files_look(&kind, list->files, path, err);
  if (status != VF_OK) return status;
  if (kind == VF_PATH_FILE) {
    list->paths[list->n++] = vf_arena_copy(list->arena, path, strlen(path));
    return list->paths[0] != NULL ? VF_OK : vf_fail_nomem(err);
  }
  if (kind != VF_PATH_FOLDER)
    return vf_fail_at(err, VF_IO, path, "",
                      "is no folder: a catalog has models/*.json, gpus/*.json…");
  status = list_folder(list, path, err);
  bool strange = list->has_others && !list->has_kinds;
  for (int i = 0; status == VF_OK && i < VF_CATALOG_COUNT; i++)
    status = list_kind(list, path, i, err);
  if (status == VF_OK && list->n == 0 && strange)
    return vf_fail_at(err, VF_UNKNOWN, path, "",
                      "holds other files, and no catalog: models/*.json, gpus/*.json…");
  if (list->n > 0) qsort(list->paths, list->n, sizeof *list->paths, compare_paths);
  return status;
}

/* ---- The entries ------------------------------------------------------------------------ */

static vf_status unknown_key(const vf_facts *f, const char *key, const char *const *known,
                             vf_error *err) {
  const char *nearest = vf_nearest_name(key, known);
  if (nearest == NULL)
    return vf_facts_fail(f, key, VF_MALFORMED, err,
                         "this key is not known here (keys of your own begin with x-)");
  return vf_facts_fail(f, key, VF_MALFORMED, err, "this key is not known here: did you mean %s?",
                       nearest);
}

static bool is_known(const char *key, const char *const *known) {
  for (; *known != NULL; known++)
    if (strcmp(key, *known) == 0) return true;
  return false;
}

static vf_status check_keys(const vf_facts *f, int kind, vf_error *err) {
  for (size_t i = 0; i < f->count; i++) {
    char key[96];
    snprintf(key, sizeof key, "%.*s", (int)strcspn(f->items[i].key, "."), f->items[i].key);
    if (strncmp(key, "x-", 2) == 0 || is_known(key, vf_catalog_keys[kind])) continue;
    return unknown_key(f, key, vf_catalog_keys[kind], err);
  }
  return VF_OK;
}

/* Of entries of one's own: what no list, option or word of the command line can be mistaken for. */
static bool is_id(const char *id) {
  static const char *const words[] = {"any", "none", "auto", "all", "max", "full", "cpu", NULL};
  size_t digits = strspn(id, "0123456789.");
  bool size = digits > 0 && id[digits + strspn(id + digits, "kmgtbi")] == '\0'; /* "8k", "70b" */
  size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789.-");
  return n > 0 && n < VF_NAME_SIZE && !size && id[n] == '\0' && id[0] != '.' && id[0] != '-' &&
         !is_known(id, words);
}

static vf_status check_model(const vf_facts *facts, vf_error *err) {
  vf_model *m;
  vf_status status = vf_arch_build(&m, facts, err);
  if (status == VF_OK) vf_model_free(m);
  return status;
}

static vf_status check_entry(void *context, int kind, const vf_catalog_entry *e, vf_error *err) {
  const vf_context *ctx = context;
  vf_device device;
  vf_node node;
  vf_measured measured;
  vf_arena *arena = vf_arena_new(&ctx->allocator, 4 << 20);
  if (arena == NULL) return vf_fail_nomem(err);
  vf_facts facts = vf_facts_in(arena, e->file);
  vf_status status = vf_config_parse(&facts, e->json, e->length, err);
  if (status == VF_OK && !is_id(vf_facts_string(&facts, "id", "")))
    status = vf_facts_fail(
        &facts, "id", VF_MALFORMED, err,
        "is not an id: lower-case letters, digits, dots and dashes, no number or size, "
        "and none of the words any, none, auto, all, max, full, cpu");
  if (status == VF_OK) status = check_keys(&facts, kind, err);
  if (status == VF_OK && kind == VF_CATALOG_MODELS) status = vf_entry_complete(&facts, ctx, err);
  if (status == VF_OK && kind == VF_CATALOG_MODELS) status = check_model(&facts, err);
  if (status == VF_OK && kind == VF_CATALOG_GPUS)
    status = vf_device_read(&device, e, NULL, ctx, err);
  if (status == VF_OK && kind == VF_CATALOG_NODES) status = vf_node_read(&node, e, ctx, err);
  if (status == VF_OK && kind == VF_CATALOG_WORKLOADS)
    status = vf_measured_read(&measured, e, NULL, ctx, err);
  vf_arena_free(arena);
  return status;
}

/* ---- The catalog ------------------------------------------------------------------------ */

static vf_status read_files(vf_catalog_build *b, const file_list *list, vf_error *err) {
  for (size_t i = 0; i < list->n; i++) {
    char *text;
    size_t length;
    vf_status status = vf_files_read(&text, &length, list->files, list->paths[i],
                                     VF_JSON_FILE_BYTES, list->arena, err);
    if (status == VF_OK) status = vf_catalog_build_add(b, list->paths[i], text, length, err);
    if (status != VF_OK) return status;
  }
  return VF_OK;
}

/* Behind what was added before, in front of what is built in. */
static void insert_layer(vf_context *ctx, const vf_catalog *layer, vf_arena *arena) {
  size_t at = ctx->n_layers - 1;
  ctx->layers[at + 1] = ctx->layers[at];
  ctx->arenas[at + 1] = ctx->arenas[at];
  ctx->layers[at] = layer;
  ctx->arenas[at] = arena;
  ctx->n_layers++;
}

static void remove_layer(vf_context *ctx) {
  size_t at = ctx->n_layers - 2;
  ctx->layers[at] = ctx->layers[at + 1];
  ctx->arenas[at] = ctx->arenas[at + 1];
  ctx->n_layers--;
}

static vf_status build(vf_context *ctx, vf_arena *arena, const char *path, vf_error *err) {
  vf_catalog_build *b;
  vf_catalog *layer = vf_arena_alloc(arena, VF_CATALOG_KINDS, sizeof *layer);
  file_list *list = vf_arena_alloc(arena, 1, sizeof *list);
  if (layer == NULL || list == NULL) return vf_fail_nomem(err);
  list->files = &ctx->files;
  list->arena = arena;
  vf_status status = list_files(list, path, err);
  if (status == VF_OK) status = vf_catalog_build_new(&b, arena, err);
  if (status == VF_OK) status = read_files(b, list, err);
  if (status == VF_OK) status = vf_catalog_build_finish(b, layer, err);
  if (status != VF_OK) return status;
  insert_layer(ctx, layer, arena);
  status = vf_catalog_build_check(b, check_entry, ctx, err);
  if (status != VF_OK) remove_layer(ctx);
  return status;
}

vf_status vf_context_add_catalog(vf_context *ctx, const char *path, vf_error *err) {
  VF_NEED(err, ctx);
  VF_NEED(err, path);
  if (ctx->n_layers == VF_CATALOG_LAYERS)
    return vf_fail_at(err, VF_LIMIT, path, "", "more than %d catalogs", VF_CATALOG_LAYERS - 1);
  vf_arena *arena = vf_arena_new(&ctx->allocator, (size_t)256 << 20);
  if (arena == NULL) return vf_fail_nomem(err);
  vf_status status = build(ctx, arena, path, err);
  if (status != VF_OK) vf_arena_free(arena);
  return status;
}

/* ---- A new entry ------------------------------------------------------------------------ */

/* The members of a config that a catalog entry may have. */
static cJSON *entry_of(const char *text, size_t length, const char *id, const char *source) {
  cJSON *config = cJSON_ParseWithLength(text, length), *entry = cJSON_CreateObject();
  bool made = config != NULL && cJSON_AddStringToObject(entry, "id", id) != NULL;
  for (cJSON *c = made ? config->child : NULL; c != NULL;) {
    cJSON *next = c->next;
    bool named = strcmp(c->string, "id") == 0 || strcmp(c->string, "aliases") == 0;
    if (!named && !cJSON_IsNull(c) && is_known(c->string, vf_catalog_keys[VF_CATALOG_MODELS]))
      made = made && cJSON_AddItemToObject(entry, c->string, cJSON_DetachItemViaPointer(config, c));
    c = next;
  }
  cJSON_Delete(config);
  if (made && cJSON_GetObjectItemCaseSensitive(entry, "sources") == NULL)
    made =
        cJSON_AddItemToArray(cJSON_AddArrayToObject(entry, "sources"), cJSON_CreateString(source));
  if (made) return entry;
  cJSON_Delete(entry);
  return NULL;
}

static char *file_text(cJSON *entry) {
  cJSON *file = cJSON_CreateObject(), *models = cJSON_AddArrayToObject(file, "models");
  char *text = NULL;
  if (cJSON_AddItemToArray(models, entry))
    text = cJSON_Print(file);
  else
    cJSON_Delete(entry);
  cJSON_Delete(file);
  return text;
}

/* Whole or not at all: under another name first, which is made for this; no link is followed. */
static vf_status write_new(const char *path, const char *text, vf_error *err) {
  enum { NAMES_TO_TRY = 9 };
  char other[PATH_BYTES + 32];
  vf_path_kind kind;
  FILE *f = NULL;
  vf_status status = vf_files_look(&kind, vf_file_system(), path, err);
  if (status != VF_OK) return status;
  if (kind != VF_PATH_NONE)
    return vf_fail_at(err, VF_IO, path, "", "is there already: remove it, or take another --id");
  for (int i = 1; f == NULL && i <= NAMES_TO_TRY; i++) {
    snprintf(other, sizeof other, "%s.%d.new", path, i);
    f = fopen(other, "wx"); /* made, or it fails: no link is followed */
    if (f == NULL && errno != EEXIST) break;
  }
  if (f == NULL) return vf_fail_at(err, VF_IO, other, "", "cannot be written: %s", strerror(errno));
  bool written = fputs(text, f) >= 0 && fputc('\n', f) != EOF;
  int reason = errno;
  if (fclose(f) != 0 && written) {
    reason = errno;
    written = false;
  }
  bool placed = written && link(other, path) == 0; /* unlike rename, takes nothing's place */
  if (written && !placed && (errno == EPERM || errno == ENOTSUP)) /* no links there */
    placed = rename(other, path) == 0;
  if (written && !placed) reason = errno;
  unlink(other);
  return placed ? VF_OK
                : vf_fail_at(err, VF_IO, path, "", "cannot be written: %s", strerror(reason));
}

static vf_status make_folder(const char *path, vf_error *err) {
  char part[PATH_BYTES];
  size_t n = strlen(path);
  for (size_t i = 1; i <= n; i++) {
    if (path[i] != '/' && path[i] != '\0') continue;
    snprintf(part, sizeof part, "%.*s", (int)i, path);
    if (mkdir(part, 0777) != 0 && errno != EEXIST)
      return vf_fail_at(err, VF_IO, part, "", "cannot be made: %s", strerror(errno));
  }
  return VF_OK;
}

static vf_status check_new(const vf_context *ctx, const char *text, const char *path,
                           vf_error *err) {
  vf_catalog_build *b;
  vf_catalog layer[VF_CATALOG_KINDS];
  vf_arena *arena = vf_arena_new(&ctx->allocator, 16 << 20);
  if (arena == NULL) return vf_fail_nomem(err);
  vf_status status = vf_catalog_build_new(&b, arena, err);
  if (status == VF_OK) status = vf_catalog_build_add(b, path, text, strlen(text), err);
  if (status == VF_OK) status = vf_catalog_build_finish(b, layer, err);
  if (status == VF_OK) status = vf_catalog_build_check(b, check_entry, (void *)(uintptr_t)ctx, err);
  vf_arena_free(arena);
  return status;
}

static vf_status add_from(char *out_path, size_t size, const vf_context *ctx, const char *folder,
                          const vf_loaded *l, const char *id, vf_error *err) {
  char path[PATH_BYTES], models[PATH_BYTES], *text = NULL;
  if (l->text == NULL || l->kind == VF_LOAD_CATALOG)
    return vf_fail_at(err, VF_USAGE, l->id, "", "is no config.json and no folder with one");
  int n = snprintf(path, sizeof path, "%s/models/%s.json", folder, id);
  if (n < 0 || (size_t)n >= sizeof path || (size_t)n >= size)
    return vf_fail(err, VF_LIMIT, "the path is too long");
  vf_status status = check_model(&l->facts, err);
  if (status != VF_OK) {
    if (err != NULL) vf_json_locate(l->text, l->length, err);
    return status;
  }
  cJSON *entry = entry_of(l->text, l->length, id, l->facts.source);
  if (entry != NULL) text = file_text(entry);
  if (text == NULL) return vf_fail_nomem(err);
  status = check_new(ctx, text, l->facts.source, err);
  snprintf(models, sizeof models, "%.*s", (int)(strrchr(path, '/') - path), path);
  if (status == VF_OK) status = make_folder(models, err);
  if (status == VF_OK) status = write_new(path, text, err);
  if (status == VF_OK) memcpy(out_path, path, (size_t)n + 1);
  cJSON_free(text);
  return status;
}

vf_status vf_catalog_add_model(char *out_path, size_t size, const vf_context *ctx,
                               const char *folder, const char *config, const char *id,
                               vf_error *err) {
  VF_NEED(err, out_path);
  VF_NEED(err, ctx);
  VF_NEED(err, folder);
  VF_NEED(err, config);
  VF_NEED(err, id);
  vf_loaded l;
  vf_catalog_entry taken;
  if (!is_id(id))
    return vf_fail(err, VF_USAGE,
                   "'%s' is not an id: lower-case letters, digits, dots and dashes, no number or "
                   "size, and none of the words any, none, auto, all, max, full, cpu",
                   id);
  if (vf_catalog_find(&taken, ctx, VF_CATALOG_GPUS, id) ||
      vf_catalog_find(&taken, ctx, VF_CATALOG_NODES, id))
    return vf_fail(err, VF_USAGE, "'%s' is the name of a device, an entry of %s", id, taken.file);
  if (vf_catalog_find(&taken, ctx, VF_CATALOG_MODELS, id))
    return vf_fail(err, VF_USAGE, "'%s' is the name of an entry of %s already", id, taken.file);
  vf_status status = vf_load(&l, ctx, config, VF_LOAD_FACTS, err);
  if (status == VF_OK) status = add_from(out_path, size, ctx, folder, &l, id, err);
  vf_loaded_free(&l);
  return status;
}
