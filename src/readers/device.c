/* device.c - an entry of the catalog of devices, or a part of one, as a vf_device.
 *
 * An entry names a class (GeForce, data-centre card, Apple chip…) for what it shares with others:
 * a field that the entry leaves out is the class's.  What is in neither is unknown, and 0.  A GPU
 * that can be cut into instances (MIG) lists their real sizes as profiles. */
#include "readers/device.h"

#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/names.h"
#include "base/status.h"
#include "base/units.h"
#include "readers/config.h"

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
static const char *const backends[] = {"cpu",  "cuda",  "rocm",   "metal",
                                       "sycl", "other", "vulkan", NULL};
_Static_assert(sizeof kinds / sizeof *kinds == VF_DEVICE_KIND_COUNT + 1, "every kind");
_Static_assert(sizeof backends / sizeof *backends == VF_BACKEND_COUNT + 1, "every backend");

/* What a system keeps of a pool that the GPU has a share of: assumed, macOS idles at 3 to 4 GiB; a
 * small machine's keeps less. */
static uint64_t kept_by_system(uint64_t pool_bytes) {
  return vf_min_u64(4 * VF_GIB, pool_bytes / 4);
}

/* What the GPU may use of a unified pool is either all but the system's reserve, or a share: then
 * the rest of the pool is there for what stays on the host. */
static vf_status read_reserve(vf_device *d, const entry_facts *e, vf_error *err) {
  uint64_t permille = 0, pool = 0;
  vf_status status = mib(&d->reserved_bytes, e, "reserve_mib", err);
  if (status == VF_OK) status = number(&permille, e, "working_set_permille", 1000, err);
  if (status == VF_OK) status = mib(&pool, e, "pool_mib", err);
  if (status == VF_OK && permille != 0) {
    d->reserved_bytes = d->total_bytes - d->total_bytes / 1000 * permille;
    pool = d->total_bytes;
  }
  d->whole_bytes = pool - kept_by_system(pool);
  return status;
}

static vf_status read_numbers(vf_device *d, const entry_facts *e, vf_error *err) {
  uint64_t permille = 0, sold_gb = 0;
  vf_status status = mib(&d->total_bytes, e, "total_mib", err);
  if (status == VF_OK && d->total_bytes == 0 && vf_facts_find(&e->own, "total_mib") != NULL)
    return vf_facts_fail(&e->own, "total_mib", VF_MALFORMED, err,
                         "0 is not a memory: leave it out");
  if (status == VF_OK) status = read_reserve(d, e, err);
  if (status == VF_OK) status = mib(&d->headroom_bytes, e, "headroom_mib", err);
  if (status == VF_OK) status = number(&permille, e, "headroom_permille", 1000, err);
  if (status == VF_OK) status = mib(&d->host_memory_bytes, e, "host_memory_mib", err);
  if (status == VF_OK) status = interval(&d->context, e, "context_mib", err);
  if (status == VF_OK) status = number(&sold_gb, e, "nominal_gb", 100000, err);
  d->headroom_permille = (uint32_t)permille;
  d->sold_gb = (uint32_t)sold_gb;
  d->total_known = d->total_bytes != 0;
  return status;
}

/* What one PCIe lane carries in one direction, by generation, in 10^6 bytes per second: the raw
 * rate less the 128b/130b coding (PCIe Base Specification; generation 6: 242 of 256 bytes of a
 * flit). */
static const uint32_t lane_mb_per_s[] = {0, 250, 500, 985, 1969, 3938, 7563};
enum { NEWEST_PCIE = sizeof lane_mb_per_s / sizeof *lane_mb_per_s - 1 };

static vf_status read_speeds(vf_device *d, const entry_facts *e, vf_error *err) {
  const struct {
    const char *key;
    uint32_t *to;
  } fields[] = {{"bandwidth_mb_per_s", &d->bandwidth_mb_per_s},
                {"compute_units", &d->compute_units},
                {"fp16_gflops", &d->fp16_gflops},
                {"fp8_gflops", &d->fp8_gflops},
                {"fp4_gflops", &d->fp4_gflops},
                {"int8_gops", &d->int8_gops},
                {"link_mb_per_s", &d->link_mb_per_s}};
  vf_status status = VF_OK;
  for (size_t i = 0; status == VF_OK && i < sizeof fields / sizeof *fields; i++) {
    uint64_t n = 0;
    status = number(&n, e, fields[i].key, UINT32_MAX, err);
    *fields[i].to = (uint32_t)n;
  }
  uint64_t generation = 0, lanes = 0;
  if (status == VF_OK) status = number(&generation, e, "pcie_gen", NEWEST_PCIE, err);
  if (status == VF_OK) status = number(&lanes, e, "pcie_lanes", 32, err);
  d->pcie_mb_per_s = (uint32_t)lanes * lane_mb_per_s[generation];
  return status;
}

static vf_status read_device(vf_device *out, const entry_facts *e, vf_error *err) {
  vf_device d = {0};
  int kind = 0, backend = 0;
  vf_status status = word(&kind, e, "kind", kinds, err);
  if (status == VF_OK) status = word(&backend, e, "backend", backends, err);
  if (status == VF_OK) status = read_numbers(&d, e, err);
  if (status == VF_OK) status = read_speeds(&d, e, err);
  if (status != VF_OK) return status;
  d.kind = (vf_device_kind)kind;
  d.backend = (vf_backend)backend;
  d.compute_capability = compute_capability(e);
  const vf_fact *common = vf_facts_find(&e->own, "common");
  d.common = common != NULL && common->type == VF_FACT_BOOL && common->as.boolean;
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

/* ---- Instances of one GPU --------------------------------------------------------------- */

/* The fact of profile i with this key ("profiles.2.total_mib"), NULL if there is none. */
static const vf_fact *profile_fact(const vf_facts *f, size_t i, const char *name) {
  char key[48];
  snprintf(key, sizeof key, "profiles.%zu.%s", i, name);
  return vf_facts_find(f, key);
}

static const char *profile_id(const vf_facts *f, size_t i) {
  const vf_fact *id = profile_fact(f, i, "id");
  return id != NULL && id->type == VF_FACT_STRING ? id->as.string : NULL;
}

static vf_status unknown_profile(const vf_device *d, const vf_facts *f, const char *profile,
                                 vf_error *err) {
  char known[160] = "";
  for (size_t i = 0; profile_id(f, i) != NULL; i++) {
    size_t at = strlen(known);
    snprintf(known + at, sizeof known - at, "%s%s", i > 0 ? ", " : "", profile_id(f, i));
  }
  if (known[0] == '\0')
    return vf_fail(err, VF_UNKNOWN,
                   "no sizes of instances of %s are known: leave ':%s' away and say --memory",
                   d->id, profile);
  return vf_fail(err, VF_UNKNOWN, "%s has no profile '%s' of known size; it has %s", d->id, profile,
                 known);
}

/* An instance has its own memory, all of which is for applications, a share of the units, and no
 * link to others; its share of the speeds is not known. */
static vf_status cut_instance(vf_device *d, const vf_facts *f, size_t i, vf_error *err) {
  uint64_t total = 0, units = 0;
  const vf_fact *size = profile_fact(f, i, "total_mib"), *share;
  const char *id = profile_id(f, i);
  if (size == NULL)
    return vf_facts_fail(f, "profiles", VF_MALFORMED, err, "the profile '%s' has no size", id);
  vf_status status =
      vf_fact_number(&total, size, f, "profiles", "size in MiB", 1, UINT64_C(1) << 30, err);
  share = profile_fact(f, i, "compute_units");
  if (status == VF_OK && share != NULL)
    status = vf_fact_number(&units, share, f, "profiles", "count", 1, 1 << 16, err);
  if (status != VF_OK) return status;
  d->total_bytes = total * VF_MIB;
  d->reserved_bytes = 0;
  d->sold_gb = 0;
  d->compute_units = (uint32_t)units;
  d->bandwidth_mb_per_s = d->link_mb_per_s = d->pcie_mb_per_s = 0;
  d->fp16_gflops = d->fp8_gflops = d->fp4_gflops = d->int8_gops = 0;
  size_t at = strlen(d->id);
  snprintf(d->id + at, sizeof d->id - at, ":%s", id);
  at = strlen(d->name);
  snprintf(d->name + at, sizeof d->name - at, " %s", id);
  return VF_OK;
}

static vf_status read_profile(vf_device *d, const vf_facts *f, const char *profile, vf_error *err) {
  for (size_t i = 0;; i++) {
    const char *id = profile_id(f, i);
    if (id == NULL) return unknown_profile(d, f, profile, err);
    if (vf_name_equal(id, profile)) return cut_instance(d, f, i, err);
  }
}

/* ---- All of it -------------------------------------------------------------------------- */

vf_status vf_device_read(vf_device *out, const vf_catalog_entry *entry, const char *profile,
                         const vf_context *ctx, vf_error *err) {
  vf_device d = {0};
  vf_arena *arena = vf_arena_new(&ctx->allocator, 1 << 20);
  if (arena == NULL) return vf_fail_nomem(err);
  entry_facts e = {vf_facts_in(arena, entry->file), vf_facts_in(arena, entry->file)};
  vf_status status = vf_config_parse(&e.own, entry->json, entry->length, err);
  if (status == VF_OK) status = read_class(&e, ctx, err);
  if (status == VF_OK) status = read_device(&d, &e, err);
  if (status == VF_OK && profile != NULL) status = read_profile(&d, &e.own, profile, err);
  if (status == VF_OK) *out = d;
  vf_arena_free(arena);
  return status;
}
