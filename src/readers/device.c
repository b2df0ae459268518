/* device.c - "h100x8+rtx-4090" to devices: names from the catalog, counts, a list.
 *
 * An entry names a class (GeForce, data-centre card, Apple chip…) for what it shares with others:
 * a field that the entry leaves out is the class's. */
#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "base/status.h"
#include "base/units.h"
#include "readers/catalog.h"
#include "readers/config.h"
#include "readers/device.h"

/* ---- Fields ----------------------------------------------------------------------------- */

/* An entry's facts, then its class's. */
typedef struct entry_facts {
  vf_facts own, shared;
} entry_facts;

static vf_status number(uint64_t *out, const entry_facts *e, const char *key, uint64_t most,
                        vf_error *err) {
  bool found;
  vf_status status = vf_facts_number(out, &found, &e->own, key, 0, "value", 0, most, err);
  if (status != VF_OK || found) return status;
  return vf_facts_number(out, &found, &e->shared, key, 0, "value", 0, most, err);
}

static const char *string(const entry_facts *e, const char *key) {
  return vf_facts_string(&e->own, key, vf_facts_string(&e->shared, key, ""));
}

static vf_status mib(uint64_t *out_bytes, const entry_facts *e, const char *key, vf_error *err) {
  uint64_t n = *out_bytes / VF_MIB;
  vf_status status = number(&n, e, key, 1 << 30, err);
  *out_bytes = n * VF_MIB;
  return status;
}

/* A word out of a list; the index, or an error that names the key. */
static vf_status word(int *out, const entry_facts *e, const char *key, const char *const *words,
                      vf_error *err) {
  const char *text = string(e, key);
  for (int i = 0; words[i] != NULL; i++) {
    if (strcmp(text, words[i]) != 0) continue;
    *out = i;
    return VF_OK;
  }
  return vf_facts_fail(&e->own, key, VF_MALFORMED, err, "'%s' is not one of the known words", text);
}

/* Three numbers: low, expected, high, in MiB. */
static vf_status interval(vf_interval *out, const entry_facts *e, const char *key, vf_error *err) {
  const vf_fact *f = vf_facts_find(&e->own, key);
  if (f == NULL) f = vf_facts_find(&e->shared, key);
  if (f == NULL) return VF_OK;
  uint64_t values[3];
  if (f->type != VF_FACT_ARRAY || f->as.array.count != 3)
    return vf_facts_fail(&e->own, key, VF_MALFORMED, err, "three numbers are expected, in MiB");
  for (size_t i = 0; i < 3; i++) {
    const vf_fact *item = &f->as.array.items[i];
    if (item->type != VF_FACT_INT || item->as.integer < 0 || item->as.integer > 1 << 30)
      return vf_facts_fail(&e->own, key, VF_MALFORMED, err, "three numbers are expected, in MiB");
    values[i] = (uint64_t)item->as.integer * VF_MIB;
  }
  *out = (vf_interval){values[0], values[1], values[2]};
  return VF_OK;
}

/* "8.9" as 89. */
static uint32_t compute_capability(const entry_facts *e) {
  unsigned major = 0, minor = 0;
  if (sscanf(string(e, "compute_capability"), "%2u.%1u", &major, &minor) != 2) return 0;
  return major * 10 + minor;
}

/* ---- One entry -------------------------------------------------------------------------- */

static const char *const kinds[] = {"discrete", "unified", "host", NULL};
static const char *const backends[] = {"cpu", "cuda", "rocm", "metal", NULL};

/* What the GPU may use of a unified pool is either all but the system's reserve, or a share. */
static vf_status read_reserve(vf_device *d, const entry_facts *e, vf_error *err) {
  uint64_t permille = 0;
  vf_status status = mib(&d->reserved_bytes, e, "reserve_mib", err);
  if (status == VF_OK) status = number(&permille, e, "working_set_permille", 1000, err);
  if (status == VF_OK && permille != 0)
    d->reserved_bytes = d->total_bytes - d->total_bytes / 1000 * permille;
  return status;
}

static vf_status read_numbers(vf_device *d, const entry_facts *e, vf_error *err) {
  uint64_t permille = 0, bandwidth = 0;
  vf_status status = mib(&d->total_bytes, e, "total_mib", err);
  if (status == VF_OK && d->total_bytes == 0 && vf_facts_find(&e->own, "total_mib") != NULL)
    return vf_facts_fail(&e->own, "total_mib", VF_MALFORMED, err,
                         "0 is not a memory: leave it out");
  if (status == VF_OK) status = read_reserve(d, e, err);
  if (status == VF_OK) status = mib(&d->headroom_bytes, e, "headroom_mib", err);
  if (status == VF_OK) status = number(&permille, e, "headroom_permille", 1000, err);
  if (status == VF_OK) status = number(&bandwidth, e, "bandwidth_mb_per_s", UINT32_MAX, err);
  if (status == VF_OK) status = interval(&d->context, e, "context_mib", err);
  d->headroom_permille = (uint32_t)permille;
  d->bandwidth_mb_per_s = (uint32_t)bandwidth;
  d->total_known = d->total_bytes != 0;
  return status;
}

static vf_status read_device(vf_device *out, const entry_facts *e, vf_error *err) {
  vf_device d = {0};
  int kind = 0, backend = 0;
  vf_status status = word(&kind, e, "kind", kinds, err);
  if (status == VF_OK) status = word(&backend, e, "backend", backends, err);
  if (status == VF_OK) status = read_numbers(&d, e, err);
  if (status != VF_OK) return status;
  d.kind = (vf_device_kind)kind;
  d.backend = (vf_backend)backend;
  d.compute_capability = compute_capability(e);
  snprintf(d.id, sizeof d.id, "%s", string(e, "id"));
  snprintf(d.name, sizeof d.name, "%s", string(e, "name"));
  *out = d;
  return VF_OK;
}

static vf_status read_class(entry_facts *e, const vf_context *ctx, vf_error *err) {
  const char *name = string(e, "class");
  if (name[0] == '\0') return VF_OK;
  vf_catalog_entry c;
  if (!vf_catalog_find(&c, ctx, VF_CATALOG_CLASSES, name))
    return vf_facts_fail(&e->own, "class", VF_MALFORMED, err, "no class '%s'", name);
  return vf_config_parse(&e->shared, c.json, c.length, err);
}

vf_status vf_device_read(vf_device *out, const vf_catalog_entry *entry, const vf_context *ctx,
                         vf_error *err) {
  vf_arena *arena = vf_arena_new(&ctx->allocator, 1 << 20);
  if (arena == NULL) return vf_fail_nomem(err);
  entry_facts e = {vf_facts_in(arena, entry->file), vf_facts_in(arena, entry->file)};
  vf_status status = vf_config_parse(&e.own, entry->json, entry->length, err);
  if (status == VF_OK) status = read_class(&e, ctx, err);
  if (status == VF_OK) status = read_device(out, &e, err);
  vf_arena_free(arena);
  return status;
}

/* ---- A list of names -------------------------------------------------------------------- */

/* Cuts "x8" off the end; *count is 0 if it makes no sense. */
static bool cut_count(unsigned *count, char *name) {
  size_t n = strlen(name), digits = 0;
  while (digits < n && name[n - 1 - digits] >= '0' && name[n - 1 - digits] <= '9') digits++;
  if (digits == 0 || digits + 1 >= n || name[n - 1 - digits] != 'x') return false;
  *count = 0;
  if (digits <= 3) sscanf(name + n - digits, "%3u", count);
  name[n - 1 - digits] = '\0';
  return true;
}

/* A name as it stands comes first ("mi300x"), then with a count behind it ("mi300xx8"), then what
 * it can only mean. */
static vf_status find_named(vf_catalog_entry *out, unsigned *count, const vf_context *ctx,
                            const char *text, vf_error *err) {
  vf_catalog_guess guess;
  char name[VF_NAME_SIZE];
  *count = 1;
  if (!vf_name_normalize(name, text))
    return vf_catalog_unknown(ctx, VF_CATALOG_GPUS, "GPU", text, "", err);
  if (vf_catalog_find(out, ctx, VF_CATALOG_GPUS, name)) return VF_OK;
  bool counted = cut_count(count, name);
  if (!vf_catalog_find(out, ctx, VF_CATALOG_GPUS, name)) {
    vf_catalog_guess_name(&guess, ctx, VF_CATALOG_GPUS, name);
    if (!guess.certain) return vf_catalog_unknown(ctx, VF_CATALOG_GPUS, "GPU", text, "", err);
    *out = guess.entry;
  }
  if (!counted || *count != 0) return VF_OK;
  return vf_fail(err, VF_USAGE, "'%s': a count of devices is 1 to %d", text, VF_MAX_DEVICES);
}

static vf_status add_named(vf_device *out, size_t capacity, size_t *n, const vf_context *ctx,
                           const char *text, vf_error *err) {
  vf_catalog_entry entry;
  unsigned count;
  vf_device device;
  vf_status status = find_named(&entry, &count, ctx, text, err);
  if (status == VF_OK) status = vf_device_read(&device, &entry, ctx, err);
  if (status != VF_OK) return status;
  if (count > capacity - *n)
    return vf_fail(err, VF_LIMIT, "more than %zu devices in one estimate", capacity);
  for (unsigned i = 0; i < count; i++) out[(*n)++] = device;
  return VF_OK;
}

vf_status vf_devices_parse(vf_device *out, size_t capacity, size_t *out_count,
                           const vf_context *ctx, const char *text, vf_error *err) {
  size_t n = 0;
  for (const char *s = text;; s++) {
    char name[VF_NAME_SIZE];
    size_t length = strcspn(s, "+");
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), s);
    vf_status status = add_named(out, capacity, &n, ctx, name, err);
    if (status != VF_OK) return status;
    s += length;
    if (*s == '\0') break;
  }
  *out_count = n;
  return VF_OK;
}
