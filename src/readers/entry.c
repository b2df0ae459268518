/* entry.c - an entry of the models' catalog, and the one that it is like. */
#include "readers/entry.h"

#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "base/status.h"
#include "readers/config.h"

/* What is said of one entry alone. */
static bool is_own(const char *key, size_t length) {
  static const char *const own[] = {"id",     "aliases", "hf_repo",   "like",        "params_note",
                                    "ollama", "sources", "published", "checkpoints", "released"};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    if (strlen(own[i]) == length && memcmp(own[i], key, length) == 0) return true;
  return false;
}

/* True if the facts have the key, or anything below it. */
static bool has_top(const vf_facts *f, const char *key, size_t length) {
  for (size_t i = 0; i < f->count; i++) {
    const char *own = f->items[i].key;
    if (strncmp(own, key, length) == 0 && (own[length] == '\0' || own[length] == '.')) return true;
  }
  return false;
}

static vf_status add_missing(vf_facts *facts, const vf_facts *other, vf_error *err) {
  vf_facts own = *facts; /* a look at what was there: the list grows below */
  for (size_t i = 0; i < other->count; i++) {
    const char *key = other->items[i].key;
    size_t length = strcspn(key, ".");
    if (is_own(key, length) || has_top(&own, key, length)) continue;
    vf_status status = vf_facts_add(facts, other->items[i], err);
    if (status != VF_OK) return status;
  }
  vf_facts_finish(facts);
  return VF_OK;
}

vf_status vf_entry_complete(vf_facts *facts, const vf_context *ctx, vf_error *err) {
  const char *like = vf_facts_string(facts, "like", NULL);
  vf_catalog_entry entry;
  if (like == NULL) return VF_OK;
  if (!vf_catalog_find(&entry, ctx, VF_CATALOG_MODELS, like))
    return vf_facts_fail(facts, "like", VF_MALFORMED, err, "no entry is called '%s'", like);
  vf_facts other = vf_facts_in(facts->arena, entry.file);
  vf_status status = vf_config_parse(&other, entry.json, entry.length, err);
  if (status != VF_OK) return status;
  if (vf_facts_find(&other, "like") != NULL)
    return vf_facts_fail(facts, "like", VF_MALFORMED, err,
                         "'%s' is itself like another entry: name that one", like);
  return add_missing(facts, &other, err);
}

vf_status vf_entry_facts(vf_facts *facts, const vf_context *ctx, const vf_catalog_entry *entry,
                         vf_error *err) {
  vf_status status = vf_config_parse(facts, entry->json, entry->length, err);
  return status == VF_OK ? vf_entry_complete(facts, ctx, err) : status;
}

const char *vf_entry_tag_format(const vf_facts *facts, const char *tag) {
  static const char prefix[] = "ollama.formats.";
  const size_t n = sizeof prefix - 1;
  for (size_t i = 0; i < facts->count; i++) {
    const vf_fact *f = &facts->items[i];
    if (strncmp(f->key, prefix, n) != 0 || f->type != VF_FACT_STRING) continue;
    if (vf_name_equal(f->key + n, tag)) return f->as.string;
  }
  return vf_facts_string(facts, "ollama.format", NULL);
}

static vf_status put_fact(vf_facts *facts, const char *key, const vf_fact *value, vf_error *err) {
  vf_fact fact = *value;
  fact.key = key;
  for (size_t i = 0; i < facts->count; i++) {
    if (strcmp(facts->items[i].key, key) != 0) continue;
    facts->items[i] = fact;
    return VF_OK;
  }
  return vf_facts_add(facts, fact, err);
}

vf_status vf_entry_take_file(vf_facts *facts, vf_error *err) {
  static const char prefix[] = "ollama.file.";
  const size_t n = sizeof prefix - 1, count = facts->count;
  vf_status status = VF_OK;
  for (size_t i = 0; status == VF_OK && i < count; i++) {
    vf_fact fact = facts->items[i];
    if (strncmp(fact.key, prefix, n) == 0) status = put_fact(facts, fact.key + n, &fact, err);
  }
  vf_facts_finish(facts);
  return status;
}

/* ---- Checkpoints of others -------------------------------------------------------------- */

/* "hf:org/model" and a page's address end in "org/model". */
static bool names_repo(const char *ref, const char *repo) {
  size_t n = strlen(ref), m = strlen(repo);
  return n >= m && vf_name_equal(ref + n - m, repo) && (n == m || strchr("/:", ref[n - m - 1]));
}

/* "checkpoints.2." of the one with this repository, "" if there is none. */
static void checkpoint_prefix(char out[32], const vf_facts *facts, const char *ref) {
  enum { MOST = 100 };
  out[0] = '\0';
  for (unsigned i = 0; i < MOST; i++) {
    char key[32];
    snprintf(key, sizeof key, "checkpoints.%u.repo", i);
    const char *name = vf_facts_string(facts, key, NULL);
    if (name == NULL) return;
    if (!names_repo(ref, name)) continue;
    snprintf(out, 32, "checkpoints.%u.", i);
    return;
  }
}

vf_status vf_entry_take_checkpoint(vf_facts *facts, bool *found, const char *ref, vf_error *err) {
  static const char own[] = "quantization_config";
  char prefix[32];
  checkpoint_prefix(prefix, facts, ref);
  size_t n = strlen(prefix), kept = 0;
  *found = n > 0;
  if (!*found) return VF_OK;
  vf_fact *items = vf_arena_alloc(facts->arena, facts->count + 1, sizeof *items);
  if (items == NULL) return vf_fail_nomem(err);
  for (size_t i = 0; i < facts->count; i++) {
    vf_fact fact = facts->items[i];
    if (strncmp(fact.key, own, sizeof own - 1) == 0) continue;
    if (strncmp(fact.key, prefix, n) == 0) fact.key += n;
    items[kept++] = fact;
  }
  facts->items = items;
  facts->capacity = facts->count + 1;
  facts->count = kept;
  vf_facts_finish(facts);
  return VF_OK;
}
