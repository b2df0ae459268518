/* measured.c - an entry of the catalog of workloads, and the variant of it that is meant.
 *
 * An entry lists ways to run one thing, each with what it took as an interval, how far the figure
 * is to be trusted and where it comes from.  Every variant is checked, whichever is asked for, so
 * that a catalog is refused when it is read and not when it is used. */
#include "readers/measured.h"

#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "base/units.h"
#include "readers/config.h"

const char *const vf_quality_word[VF_QUALITY_COUNT + 1] = {"measured", "vendor", "estimate", NULL};

enum { MOST_VARIANTS = 64, MOST_MIB = 1 << 30 };

/* ---- Keys of a variant ------------------------------------------------------------------ */

static const char *const variant_keys[] = {
    "id",         "model",   "dtype",      "batch",      "implementation",  "resolution",
    "conditions", "printed", "memory_mib", "loaded_mib", "host_memory_mib", "scope",
    "quality",    "source",
};

static bool is_variant_key(const char *key) {
  if (strncmp(key, "x-", 2) == 0) return true;
  for (size_t i = 0; i < sizeof variant_keys / sizeof *variant_keys; i++)
    if (strcmp(variant_keys[i], key) == 0) return true;
  return false;
}

static vf_status check_keys(const vf_facts *f, vf_error *err) {
  for (size_t i = 0; i < f->count; i++) {
    const char *key = f->items[i].key;
    if (strncmp(key, "variants.", 9) != 0) continue;
    const char *dot = strchr(key + 9, '.');
    char name[64];
    if (dot == NULL) continue;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(dot + 1, "."), dot + 1);
    if (is_variant_key(name)) continue;
    return vf_facts_fail(f, key, VF_MALFORMED, err, "a variant has no such key (yours begin x-)");
  }
  return VF_OK;
}

/* ---- One variant ------------------------------------------------------------------------ */

/* Index of the string at key in a list; -1 if it is not there. */
static vf_status word(int *out, const vf_facts *f, const char *key, const char *const *words,
                      vf_error *err) {
  const char *text = vf_facts_string(f, key, NULL);
  *out = -1;
  if (text == NULL && vf_facts_find(f, key) == NULL) return VF_OK;
  for (int i = 0; text != NULL && words[i] != NULL; i++)
    if (strcmp(text, words[i]) == 0) *out = i;
  if (*out >= 0) return VF_OK;
  return vf_facts_fail(f, key, VF_MALFORMED, err, "'%s' is not one of the known words",
                       text != NULL ? text : "this");
}

static vf_status read_memory(vf_interval *out, const vf_facts *f, vf_error *err) {
  uint64_t n[3] = {0};
  bool found = false;
  vf_status status = VF_OK;
  if (vf_facts_length(f, "memory_mib") != 3)
    return vf_facts_fail(f, "memory_mib", VF_MALFORMED, err,
                         "three sizes in MiB are expected: low, expected, high");
  for (size_t i = 0; status == VF_OK && i < 3; i++)
    status = vf_facts_number(&n[i], &found, f, "memory_mib", i, "size in MiB", 1, MOST_MIB, err);
  if (status == VF_OK && (n[0] > n[1] || n[1] > n[2]))
    return vf_facts_fail(f, "memory_mib", VF_MALFORMED, err, "low, expected and high are in order");
  *out = (vf_interval){n[0] * VF_MIB, n[1] * VF_MIB, n[2] * VF_MIB};
  return status;
}

static vf_status read_words(vf_measured *m, const vf_facts *f, vf_error *err) {
  static const char *const scopes[] = {"process", "allocator", NULL};
  int scope = -1, quality = -1;
  vf_status status = word(&scope, f, "scope", scopes, err);
  if (status == VF_OK) status = word(&quality, f, "quality", vf_quality_word, err);
  if (status == VF_OK && (quality < 0 || vf_facts_string(f, "source", NULL) == NULL))
    return vf_facts_fail(f, quality < 0 ? "quality" : "source", VF_MALFORMED, err,
                         "a figure says how it was obtained, and where");
  if (status != VF_OK) return status;
  m->scope = (vf_scope)(scope + 1);
  m->quality = (vf_quality)quality;
  return VF_OK;
}

static vf_status read_variant(vf_measured *m, const vf_facts *f, vf_error *err) {
  uint64_t host = 0;
  bool found;
  const char *id = vf_facts_string(f, "id", "");
  if (id[0] == '\0' || strlen(id) >= sizeof m->variant)
    return vf_facts_fail(f, "id", VF_MALFORMED, err, "a variant has a short id");
  vf_status status = read_memory(&m->memory, f, err);
  if (status == VF_OK) status = read_words(m, f, err);
  if (status == VF_OK)
    status =
        vf_facts_number(&host, &found, f, "host_memory_mib", 0, "size in MiB", 1, MOST_MIB, err);
  m->host_bytes = host * VF_MIB;
  snprintf(m->variant, sizeof m->variant, "%s", id);
  snprintf(m->dtype, sizeof m->dtype, "%s", vf_facts_string(f, "dtype", ""));
  return status;
}

/* ---- One entry -------------------------------------------------------------------------- */

static bool has_variant(const vf_facts *f, size_t i) {
  char prefix[32];
  snprintf(prefix, sizeof prefix, "variants.%zu.", i);
  return vf_facts_any(f, prefix);
}

static vf_status unknown_variant(const vf_facts *f, const char *id, const char *variant,
                                 vf_error *err) {
  char known[200] = "", key[40];
  for (size_t i = 0; has_variant(f, i); i++) {
    size_t at = strlen(known);
    snprintf(key, sizeof key, "variants.%zu.id", i);
    snprintf(known + at, sizeof known - at, "%s%s", i > 0 ? ", " : "", vf_facts_string(f, key, ""));
  }
  return vf_fail(err, VF_UNKNOWN, "%s has no variant '%s'; it has %s", id, variant, known);
}

static vf_status read_variants(vf_measured *m, const vf_facts *f, const char *variant,
                               vf_error *err) {
  bool found = false;
  char prefix[32];
  vf_measured each = *m;
  for (size_t i = 0; has_variant(f, i); i++) {
    if (i == MOST_VARIANTS)
      return vf_facts_fail(f, "variants", VF_LIMIT, err, "more than %d variants", MOST_VARIANTS);
    snprintf(prefix, sizeof prefix, "variants.%zu.", i);
    vf_facts one = vf_facts_view(f, prefix);
    one.strict = true;
    vf_status status = read_variant(&each, &one, err);
    if (status != VF_OK) return status;
    m->n_variants = i + 1;
    if (found || (variant != NULL && !vf_name_equal(variant, each.variant))) continue;
    size_t n = m->n_variants;
    *m = each;
    m->n_variants = n;
    found = true;
  }
  if (m->n_variants == 0)
    return vf_facts_fail(f, "variants", VF_MALFORMED, err, "a workload has at least one variant");
  return found ? VF_OK : unknown_variant(f, m->id, variant, err);
}

static vf_status read_entry(vf_measured *out, const vf_facts *f, const char *variant,
                            vf_error *err) {
  vf_measured m = {0};
  const char *name = vf_facts_string(f, "name", NULL), *task = vf_facts_string(f, "task", NULL);
  if (name == NULL || task == NULL)
    return vf_facts_fail(f, name == NULL ? "name" : "task", VF_MALFORMED, err,
                         "a workload says what it is");
  snprintf(m.id, sizeof m.id, "%s", vf_facts_string(f, "id", ""));
  snprintf(m.name, sizeof m.name, "%s", name);
  snprintf(m.task, sizeof m.task, "%s", task);
  vf_status status = check_keys(f, err);
  if (status == VF_OK) status = read_variants(&m, f, variant, err);
  if (status == VF_OK) *out = m;
  return status;
}

vf_status vf_measured_read(vf_measured *out, const vf_catalog_entry *entry, const char *variant,
                           const vf_context *ctx, vf_error *err) {
  vf_arena *arena = vf_arena_new(&ctx->allocator, 4 << 20);
  if (arena == NULL) return vf_fail_nomem(err);
  vf_facts facts = vf_facts_in(arena, entry->file);
  vf_status status = vf_config_parse(&facts, entry->json, entry->length, err);
  if (status == VF_OK) status = read_entry(out, &facts, variant, err);
  vf_arena_free(arena);
  return status;
}

/* ---- By name ---------------------------------------------------------------------------- */

static bool find_entry(vf_catalog_entry *out, const vf_context *ctx, const char *name) {
  vf_catalog_guess guess;
  if (vf_catalog_find(out, ctx, VF_CATALOG_WORKLOADS, name)) return true;
  vf_catalog_guess_name(&guess, ctx, VF_CATALOG_WORKLOADS, name);
  *out = guess.entry;
  return guess.certain;
}

vf_status vf_measured_find(vf_measured *out, const vf_context *ctx, const char *name,
                           vf_error *err) {
  vf_catalog_entry entry;
  char bare[VF_NAME_SIZE];
  const char *colon = strrchr(name, ':');
  if (vf_catalog_find(&entry, ctx, VF_CATALOG_WORKLOADS, name))
    return vf_measured_read(out, &entry, NULL, ctx, err);
  if (colon != NULL && (size_t)(colon - name) < sizeof bare) {
    snprintf(bare, sizeof bare, "%.*s", (int)(colon - name), name);
    if (find_entry(&entry, ctx, bare)) return vf_measured_read(out, &entry, colon + 1, ctx, err);
  }
  if (find_entry(&entry, ctx, name)) return vf_measured_read(out, &entry, NULL, ctx, err);
  return vf_catalog_unknown(ctx, VF_CATALOG_WORKLOADS, "workload", name, err);
}
