/* catalog_build.c - reading, sorting and laying out a catalog. */
#include "readers/catalog_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/status.h"
#include "readers/config.h"
#include "readers/json/json_scan.h"
#include "readers/name/device_words.h"
#include "readers/name/words.h"

enum { MAX_ENTRIES = 10000, MAX_NAMES = 100000 };

const vf_catalog_words vf_catalog_kinds[VF_CATALOG_KINDS] = {
    [VF_CATALOG_MODELS] = {"models", "models", "model"},
    [VF_CATALOG_GPUS] = {"gpus", "gpus", "gpu"},
    [VF_CATALOG_NODES] = {"nodes", "nodes", "node"},
    [VF_CATALOG_WORKLOADS] = {"workloads", "workloads", "workload"},
    [VF_CATALOG_CLASSES] = {"classes", "gpus", "class"},
};

typedef struct build_name {
  const char *text;
  uint32_t entry;
} build_name;

typedef struct build_key {
  const char *text;
  uint32_t entry, spare;
} build_key;

typedef struct build_entry {
  vf_catalog_entry e;
  const char *text; /* the whole file */
  size_t length;
  char place[32]; /* in it: "/models/3" */
} build_entry;

typedef struct build_kind {
  build_entry *entries;
  build_name *names;
  build_key *keys;
  uint32_t n_entries, n_names, n_keys, entry_room, name_room, key_room;
} build_kind;

struct vf_catalog_build {
  vf_arena *arena;
  build_kind kinds[VF_CATALOG_KINDS];
};

vf_status vf_catalog_build_new(vf_catalog_build **out, vf_arena *arena, vf_error *err) {
  vf_catalog_build *b = vf_arena_alloc(arena, 1, sizeof *b);
  if (b == NULL) return vf_fail_nomem(err);
  b->arena = arena;
  *out = b;
  return VF_OK;
}

/* Makes room for one more in a list that lies in the arena. */
static bool make_room(void **list, uint32_t n, uint32_t *room, size_t size, vf_arena *arena) {
  if (n < *room) return true;
  uint32_t more = *room == 0 ? 64 : *room * 2;
  void *bigger = vf_arena_alloc(arena, more, size);
  if (bigger == NULL) return false;
  if (n > 0) memcpy(bigger, *list, n * size);
  *list = bigger;
  *room = more;
  return true;
}

/* ---- One entry -------------------------------------------------------------------------- */

/* An error inside an entry, told at its place in the file. */
static vf_status in_file(const build_entry *e, vf_status status, vf_error *err) {
  char path[sizeof err->path];
  if (err == NULL) return status;
  snprintf(path, sizeof path, "%s%.90s", e->place, err->path);
  snprintf(err->path, sizeof err->path, "%s", path);
  snprintf(err->source, sizeof err->source, "%.150s", e->e.file);
  err->line = err->column = 0;
  vf_json_locate(e->text, e->length, err);
  return status;
}

/* Copies JSON without white space between tokens. */
static char *minified(vf_arena *arena, const char *text, size_t length, size_t *out_length) {
  char *out = vf_arena_alloc(arena, length + 1, 1);
  size_t n = 0;
  bool in_string = false;
  for (size_t i = 0; out != NULL && i < length; i++) {
    if (!in_string && strchr(" \t\r\n", text[i]) != NULL) continue;
    if (text[i] == '"') in_string = !in_string;
    out[n++] = text[i];
    if (in_string && text[i] == '\\') out[n++] = text[++i];
  }
  *out_length = n;
  return out;
}

/* Of a device `spare` has the details that its words leave away. */
static vf_status add_key(vf_catalog_build *b, build_kind *k, const vf_words *words, uint32_t spare,
                         vf_error *err) {
  char key[VF_KEY_SIZE];
  if (!vf_words_key(key, words)) return VF_OK;
  const char *copy = vf_arena_copy(b->arena, key, strlen(key));
  bool room = make_room((void **)&k->keys, k->n_keys, &k->key_room, sizeof *k->keys, b->arena);
  if (copy == NULL || !room) return vf_fail_nomem(err);
  k->keys[k->n_keys++] = (build_key){copy, k->n_entries, spare};
  return VF_OK;
}

/* How many parameters work at a time is left out where the name says how many there are. */
static bool cut_active_size(vf_words *words) {
  bool sized = false, cut = false;
  for (size_t i = 0; i < words->n; i++) sized |= vf_word_is_size(words->word[i]);
  for (size_t i = 0; sized && i < words->n; i++) {
    if (!vf_word_is_active_size(words->word[i])) continue;
    vf_words_drop(words, i--);
    cut = true;
  }
  return cut;
}

/* What stands before the last '/' is a publisher; a tag of Ollama's has a word that is no other's.
 */
static vf_status add_model_keys(vf_catalog_build *b, build_kind *k, const char *name,
                                vf_error *err) {
  const char *slash = strrchr(name, '/');
  vf_words words;
  if (!vf_words_read(&words, slash != NULL ? slash + 1 : name)) return VF_OK;
  vf_words_drop_publishers(&words);
  if (vf_name_tag(name) != NULL) vf_words_mark_tag(&words);
  vf_status status = add_key(b, k, &words, 0, err);
  vf_words_drop_neutral(&words);
  if (status == VF_OK) status = add_key(b, k, &words, 1, err);
  if (status == VF_OK && cut_active_size(&words)) status = add_key(b, k, &words, 2, err);
  return status;
}

static vf_status add_keys(vf_catalog_build *b, build_kind *k, const char *name, vf_error *err) {
  vf_device_words device;
  int kind = (int)(k - b->kinds);
  if (kind == VF_CATALOG_MODELS) return add_model_keys(b, k, name, err);
  if (kind != VF_CATALOG_GPUS && kind != VF_CATALOG_NODES) return VF_OK;
  if (!vf_device_words_read(&device, name)) return VF_OK;
  return add_key(b, k, &device.words, vf_device_details_pack(&device), err);
}

/* What a device is called in shops and by its instruction set is told by words alone. */
static vf_status add_device_names(vf_catalog_build *b, build_kind *k, const vf_facts *f,
                                  vf_error *err) {
  static const char *const keys[] = {"name", "isa"};
  int kind = (int)(k - b->kinds);
  vf_status status = VF_OK;
  if (kind != VF_CATALOG_GPUS && kind != VF_CATALOG_NODES) return VF_OK;
  for (size_t i = 0; status == VF_OK && i < sizeof keys / sizeof *keys; i++) {
    const char *name = vf_facts_string(f, keys[i], NULL);
    if (name != NULL) status = add_keys(b, k, name, err);
  }
  return status;
}

static vf_status push_name(vf_catalog_build *b, build_kind *k, const char *name, vf_error *err) {
  const char *copy = vf_arena_copy(b->arena, name, strlen(name));
  bool room = make_room((void **)&k->names, k->n_names, &k->name_room, sizeof *k->names, b->arena);
  if (copy == NULL || !room) return vf_fail_nomem(err);
  if (k->n_names == MAX_NAMES) return vf_fail(err, VF_LIMIT, "more than %d names", MAX_NAMES);
  k->names[k->n_names++] = (build_name){copy, k->n_entries};
  return add_keys(b, k, copy, err);
}

static vf_status refuse_name(const vf_facts *f, const char *key, vf_error *err) {
  return vf_facts_fail(f, key, VF_MALFORMED, err, "a name has 1 to %d characters",
                       VF_NAME_SIZE - 1);
}

static vf_status add_name(vf_catalog_build *b, build_kind *k, const vf_facts *f, const char *key,
                          const char *text, vf_error *err) {
  char name[VF_NAME_SIZE];
  if (text == NULL || text[0] == '\0' || !vf_name_normalize(name, text))
    return refuse_name(f, key, err);
  return push_name(b, k, name, err);
}

/* A tag of Ollama's library is a name of its own kind: "deepseek-r1" is another model there than
 * the repository of that name. */
static vf_status add_tag(vf_catalog_build *b, build_kind *k, const vf_facts *f, const char *key,
                         const char *text, vf_error *err) {
  char name[VF_NAME_SIZE];
  if (text == NULL || text[0] == '\0' || !vf_name_of_tag(name, text))
    return refuse_name(f, key, err);
  return push_name(b, k, name, err);
}

/* The whole name of a repository alone: what it ends in is the model's own name. */
static vf_status add_checkpoint(vf_catalog_build *b, build_kind *k, const vf_facts *f,
                                const char *key, const char *repo, vf_error *err) {
  char name[VF_NAME_SIZE];
  if (repo[0] == '\0' || !vf_name_normalize(name, repo)) return refuse_name(f, key, err);
  return push_name(b, k, name, err);
}

typedef vf_status add_one(vf_catalog_build *b, build_kind *k, const vf_facts *f, const char *key,
                          const char *text, vf_error *err);

static vf_status add_list(vf_catalog_build *b, build_kind *k, const vf_facts *f, const char *key,
                          add_one *add, vf_error *err) {
  const vf_fact *list = vf_facts_find(f, key);
  vf_status status = VF_OK;
  if (list == NULL) return VF_OK;
  if (list->type != VF_FACT_ARRAY)
    return vf_facts_fail(f, key, VF_MALFORMED, err, "a list of names is expected");
  for (size_t i = 0; status == VF_OK && i < list->as.array.count; i++) {
    const vf_fact *item = &list->as.array.items[i];
    status = add(b, k, f, key, item->type == VF_FACT_STRING ? item->as.string : NULL, err);
  }
  return status;
}

static vf_status add_names(vf_catalog_build *b, build_kind *k, const vf_facts *f, const char *id,
                           vf_error *err) {
  vf_status status = add_name(b, k, f, "id", id, err);
  if (status == VF_OK) status = add_list(b, k, f, "aliases", add_name, err);
  if (status == VF_OK) status = add_list(b, k, f, "ollama.tags", add_tag, err);
  if (status == VF_OK) status = add_device_names(b, k, f, err);
  const char *repo = vf_facts_string(f, "hf_repo", NULL);
  if (status == VF_OK && repo != NULL) status = add_name(b, k, f, "hf_repo", repo, err);
  for (unsigned i = 0; status == VF_OK; i++) {
    char key[32];
    snprintf(key, sizeof key, "checkpoints.%u.repo", i);
    repo = vf_facts_string(f, key, NULL);
    if (repo == NULL) break;
    status = add_checkpoint(b, k, f, key, repo, err);
  }
  return status;
}

static vf_status add_entry(vf_catalog_build *b, int kind, build_entry *e, const char *text,
                           size_t length, vf_error *err) {
  build_kind *k = &b->kinds[kind];
  vf_facts facts = vf_facts_in(b->arena, e->e.file);
  vf_status status = vf_config_parse(&facts, text, length, err);
  if (status != VF_OK) return in_file(e, status, err);
  const char *id = vf_facts_string(&facts, "id", NULL);
  if (id == NULL) {
    status = vf_facts_fail(&facts, "id", VF_MALFORMED, err, "an entry needs an id");
    return in_file(e, status, err);
  }
  e->e.id = vf_arena_copy(b->arena, id, strlen(id));
  e->e.json = minified(b->arena, text, length, &e->e.length);
  bool room =
      make_room((void **)&k->entries, k->n_entries, &k->entry_room, sizeof *k->entries, b->arena);
  if (e->e.id == NULL || e->e.json == NULL || !room) return vf_fail_nomem(err);
  if (k->n_entries == MAX_ENTRIES)
    return vf_fail(err, VF_LIMIT, "more than %d entries", MAX_ENTRIES);
  status = add_names(b, k, &facts, id, err);
  if (status != VF_OK) return in_file(e, status, err);
  k->entries[k->n_entries++] = *e;
  return VF_OK;
}

/* ---- One file --------------------------------------------------------------------------- */

static int kind_of(const char *key, size_t length) {
  for (int i = 0; i < VF_CATALOG_KINDS; i++)
    if (strlen(vf_catalog_kinds[i].array) == length &&
        memcmp(vf_catalog_kinds[i].array, key, length) == 0)
      return i;
  return -1;
}

/* The entries of one array; `s` stands just behind the opening bracket. */
static vf_status read_array(vf_catalog_build *b, vf_json_scan *s, int kind, const char *name,
                            vf_error *err) {
  vf_json_token t;
  for (size_t i = 0;; i++) {
    build_entry e = {.e.file = name, .text = s->text, .length = s->length};
    vf_status status = vf_json_next(s, &t, err);
    if (status != VF_OK || t == VF_JSON_ARRAY_END) return status;
    size_t from = s->start;
    snprintf(e.place, sizeof e.place, "/%s/%zu", vf_catalog_kinds[kind].array, i);
    status = vf_json_skip(s, t, err);
    if (status == VF_OK) status = add_entry(b, kind, &e, s->text + from, s->end - from, err);
    if (status != VF_OK) return status;
  }
}

static vf_status refuse_key(vf_json_scan *s, const char *name, const char *key, size_t length,
                            vf_error *err) {
  char path[100];
  snprintf(path, sizeof path, "/%.*s", (int)(length < 60 ? length : 60), key);
  vf_fail_at(err, VF_MALFORMED, name, path,
             "a catalog file has models, gpus, nodes, workloads or classes");
  if (err != NULL) vf_json_locate(s->text, s->length, err);
  return VF_MALFORMED;
}

/* "$schema", "title" and what begins with "x-" is for others. */
static bool is_for_others(const char *key, size_t length) {
  return (length == 7 && memcmp(key, "$schema", 7) == 0) ||
         (length == 5 && memcmp(key, "title", 5) == 0) || (length > 2 && memcmp(key, "x-", 2) == 0);
}

static vf_status read_members(vf_catalog_build *b, vf_json_scan *s, const char *name,
                              vf_error *err) {
  bool seen[VF_CATALOG_KINDS] = {false};
  for (;;) {
    vf_json_token t;
    vf_status status = vf_json_next(s, &t, err);
    if (status != VF_OK || t != VF_JSON_KEY) return status;
    const char *key = s->text + s->start;
    size_t length = s->end - s->start;
    int kind = kind_of(key, length);
    if (kind < 0 && !is_for_others(key, length)) return refuse_key(s, name, key, length, err);
    if (kind >= 0 && seen[kind])
      return vf_fail_at(err, VF_MALFORMED, name, vf_catalog_kinds[kind].array,
                        "this key occurs twice in its object");
    if (kind >= 0) seen[kind] = true;
    status = vf_json_next(s, &t, err);
    if (status == VF_OK && kind >= 0 && t != VF_JSON_ARRAY)
      return refuse_key(s, name, key, length, err);
    if (status == VF_OK)
      status = kind >= 0 ? read_array(b, s, kind, name, err) : vf_json_skip(s, t, err);
    if (status != VF_OK) return status;
  }
}

vf_status vf_catalog_build_add(vf_catalog_build *b, const char *name, const char *text,
                               size_t length, vf_error *err) {
  vf_json_token t;
  vf_status status = vf_json_check(text, length, err);
  if (status == VF_OK) {
    vf_json_scan s = vf_json_scan_over(text, length);
    status = vf_json_next(&s, &t, err);
    if (status == VF_OK && t != VF_JSON_OBJECT)
      return vf_fail_at(err, VF_MALFORMED, name, "", "a JSON object is expected");
    if (status == VF_OK) status = read_members(b, &s, name, err);
  }
  if (status != VF_OK) vf_error_set_source(err, name);
  return status;
}

/* ---- The whole -------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b) {
  const build_name *x = a, *y = b;
  int order = strcmp(x->text, y->text);
  return order != 0 ? order : (x->entry > y->entry) - (x->entry < y->entry);
}

/* A name that repeats within an entry is dropped; one of two entries is an error. */
static vf_status sort_names(build_kind *k, vf_error *err) {
  uint32_t kept = 0;
  if (k->n_names > 0) qsort(k->names, k->n_names, sizeof *k->names, compare_names);
  for (uint32_t i = 0; i < k->n_names; i++) {
    build_name *n = &k->names[i], *before = kept > 0 ? &k->names[kept - 1] : NULL;
    if (before == NULL || strcmp(before->text, n->text) != 0) {
      k->names[kept++] = *n;
      continue;
    }
    if (before->entry == n->entry) continue;
    const build_entry *first = &k->entries[before->entry], *second = &k->entries[n->entry];
    vf_fail(err, VF_MALFORMED, "'%s' names this entry, %s, and %s at %s of %s", n->text,
            second->e.id, first->e.id, first->place, first->e.file);
    return in_file(second, VF_MALFORMED, err);
  }
  k->n_names = kept;
  return VF_OK;
}

static int compare_keys(const void *a, const void *b) {
  const build_key *x = a, *y = b;
  int order = strcmp(x->text, y->text);
  if (order == 0) order = (x->spare > y->spare) - (x->spare < y->spare);
  return order != 0 ? order : (x->entry > y->entry) - (x->entry < y->entry);
}

/* One entry has a key once; two entries may share one, which says nothing then. */
static void sort_keys(build_kind *k) {
  uint32_t kept = 0;
  if (k->n_keys > 0) qsort(k->keys, k->n_keys, sizeof *k->keys, compare_keys);
  for (uint32_t i = 0; i < k->n_keys; i++) {
    const build_key *before = kept > 0 ? &k->keys[kept - 1] : NULL;
    bool again = before != NULL && before->entry == k->keys[i].entry &&
                 before->spare == k->keys[i].spare && strcmp(before->text, k->keys[i].text) == 0;
    if (!again) k->keys[kept++] = k->keys[i];
  }
  k->n_keys = kept;
}

/* --gpu takes devices and nodes: no name may stand for one of each.  Both lists are sorted. */
static vf_status check_apart(const build_kind *a, const build_kind *b, vf_error *err) {
  for (uint32_t i = 0, k = 0; i < a->n_names && k < b->n_names;) {
    int order = strcmp(a->names[i].text, b->names[k].text);
    if (order == 0) {
      vf_fail(err, VF_MALFORMED, "'%s' names a device, too", a->names[i].text);
      return in_file(&b->entries[b->names[k].entry], VF_MALFORMED, err);
    }
    if (order < 0)
      i++;
    else
      k++;
  }
  return VF_OK;
}

static uint32_t put(char *text, size_t *at, const char *s, size_t length) {
  size_t start = *at;
  memcpy(text + start, s, length);
  text[start + length] = '\0';
  *at = start + length + 1;
  return (uint32_t)start;
}

/* The names lie together, apart from the entries: a search touches few pages. */
static vf_status lay_out(vf_catalog *out, const build_kind *k, vf_arena *arena, vf_error *err) {
  size_t size = 1, at = 0;
  for (uint32_t i = 0; i < k->n_names; i++) size += strlen(k->names[i].text) + 1;
  for (uint32_t i = 0; i < k->n_keys; i++) size += strlen(k->keys[i].text) + 1;
  for (uint32_t i = 0; i < k->n_entries; i++) {
    const vf_catalog_entry *e = &k->entries[i].e;
    size += strlen(e->id) + strlen(e->file) + e->length + 3;
  }
  if (size > UINT32_MAX) return vf_fail(err, VF_LIMIT, "a catalog of more than 4 GiB");
  char *text = vf_arena_alloc(arena, size, 1);
  vf_catalog_row *rows = vf_arena_alloc(arena, k->n_entries + 1, sizeof *rows);
  vf_catalog_name *names = vf_arena_alloc(arena, k->n_names + 1, sizeof *names);
  vf_catalog_key *keys = vf_arena_alloc(arena, k->n_keys + 1, sizeof *keys);
  if (text == NULL || rows == NULL || names == NULL || keys == NULL) return vf_fail_nomem(err);
  for (uint32_t i = 0; i < k->n_names; i++) {
    const char *name = k->names[i].text;
    names[i] = (vf_catalog_name){put(text, &at, name, strlen(name)), k->names[i].entry};
  }
  for (uint32_t i = 0; i < k->n_keys; i++) {
    const build_key *key = &k->keys[i];
    keys[i] = (vf_catalog_key){put(text, &at, key->text, strlen(key->text)), key->entry,
                               vf_key_mask(key->text), key->spare};
  }
  for (uint32_t i = 0; i < k->n_entries; i++) {
    const vf_catalog_entry *e = &k->entries[i].e;
    rows[i].id = put(text, &at, e->id, strlen(e->id));
    rows[i].file = put(text, &at, e->file, strlen(e->file));
    rows[i].json = put(text, &at, e->json, e->length);
    rows[i].length = (uint32_t)e->length;
  }
  *out = (vf_catalog){text, rows, names, keys, k->n_entries, k->n_names, k->n_keys};
  return VF_OK;
}

vf_status vf_catalog_build_finish(vf_catalog_build *b, vf_catalog out[VF_CATALOG_KINDS],
                                  vf_error *err) {
  vf_status status = VF_OK;
  for (int i = 0; status == VF_OK && i < VF_CATALOG_KINDS; i++) {
    status = sort_names(&b->kinds[i], err);
    sort_keys(&b->kinds[i]);
    if (status == VF_OK) status = lay_out(&out[i], &b->kinds[i], b->arena, err);
  }
  if (status == VF_OK)
    status = check_apart(&b->kinds[VF_CATALOG_GPUS], &b->kinds[VF_CATALOG_NODES], err);
  return status;
}

vf_status vf_catalog_build_check(const vf_catalog_build *b, vf_catalog_check check, void *context,
                                 vf_error *err) {
  for (int i = 0; i < VF_CATALOG_KINDS; i++)
    for (uint32_t n = 0; n < b->kinds[i].n_entries; n++) {
      const build_entry *e = &b->kinds[i].entries[n];
      vf_status status = check(context, i, &e->e, err);
      if (status != VF_OK) return in_file(e, status, err);
    }
  return VF_OK;
}
