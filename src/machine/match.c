/* match.c - from what a driver says to an entry of the catalog. */
#include "machine/match.h"

#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "base/status.h"
#include "base/units.h"
#include "machine/sysfs.h"
#include "readers/config.h"
#include "readers/device.h"
#include "readers/name/device_name.h"

/* ---- Candidates ------------------------------------------------------------------------- */

/* The best entry so far: of two that could be it, the one whose memory is nearer, then the one that
 * is named so. */
typedef struct choice {
  vf_catalog_entry entry;
  vf_device device;
  uint64_t distance;
  bool any, named;
  char other[48];   /* an entry that it could be just as well; "": none */
  vf_status status; /* VF_NOMEM ends the search */
} choice;

typedef struct maker {
  const char *id, *title;
} maker;

static const maker *maker_of(const vf_found *d) {
  static const maker unknown = {"", "unknown"};
  static const maker makers[VF_BACKEND_COUNT] = {
      [VF_BACKEND_CUDA] = {"nvidia", "NVIDIA"},
      [VF_BACKEND_ROCM] = {"amd", "AMD"},
      [VF_BACKEND_SYCL] = {"intel", "Intel"},
      [VF_BACKEND_METAL] = {"apple", "Apple"},
  };
  const maker *m = &makers[d->d.device.backend];
  return m->id != NULL ? m : &unknown;
}

/* Whether the driver calls it what the entry does. */
static bool is_called(const vf_found *d, const vf_catalog_entry *entry) {
  return vf_device_names_agree(d->d.driver_name, entry->id);
}

static void offer(choice *c, const vf_found *d, const vf_catalog_entry *entry,
                  const vf_context *ctx) {
  vf_device candidate;
  vf_status status = vf_device_read(&candidate, entry, NULL, ctx, NULL);
  if (status == VF_NOMEM) c->status = status;
  if (status != VF_OK || candidate.backend != d->d.device.backend) return;
  uint64_t mine = d->match_bytes != 0 ? d->match_bytes : d->d.device.total_bytes;
  uint64_t its = candidate.total_bytes;
  uint64_t distance = mine > its ? mine - its : its - mine;
  if (!d->memory_known || d->d.instance) distance = 0;
  bool named = is_called(d, entry), tie = c->any && distance == c->distance;
  if (c->any && distance > c->distance) return;
  if (tie && !c->named && !named && strcmp(c->entry.id, entry->id) != 0)
    snprintf(c->other, sizeof c->other, "%s", entry->id);
  if (tie && (c->named || !named)) return;
  c->other[0] = '\0';
  c->named = named;
  c->entry = *entry;
  c->device = candidate;
  c->distance = distance;
  c->any = true;
}

/* ---- By PCI id -------------------------------------------------------------------------- */

/* A look at the text, before an entry is read for the sake of its ids. */
static bool mentions(const vf_catalog_entry *e, const char *quoted) {
  size_t n = strlen(quoted);
  if (e->length < n) return false;
  for (const char *s = e->json; s != NULL && s + n <= e->json + e->length; s++) {
    s = memchr(s, '"', (size_t)(e->json + e->length - s));
    if (s == NULL || s + n > e->json + e->length) return false;
    if (memcmp(s, quoted, n) == 0) return true;
  }
  return false;
}

static bool has_pci_id(const vf_catalog_entry *e, const char *vendor, const char *id,
                       const vf_context *ctx, choice *c) {
  vf_arena *arena = vf_arena_new(&ctx->allocator, 1 << 20);
  bool found = false;
  if (arena == NULL) {
    c->status = VF_NOMEM;
    return false;
  }
  vf_facts f = vf_facts_in(arena, e->file);
  vf_status status = vf_config_parse(&f, e->json, e->length, NULL);
  if (status == VF_NOMEM) c->status = status;
  if (status == VF_OK && strcmp(vf_facts_string(&f, "vendor", ""), vendor) == 0)
    for (size_t i = 0; !found && i < vf_facts_length(&f, "pci_ids"); i++) {
      const vf_fact *item = vf_facts_at(&f, "pci_ids", i);
      found = item != NULL && item->type == VF_FACT_STRING && vf_name_equal(item->as.string, id);
    }
  vf_arena_free(arena);
  return found;
}

static void find_by_pci(choice *c, const vf_found *d, const vf_context *ctx) {
  vf_catalog_walk walk = {0};
  vf_catalog_entry entry;
  char id[8], quoted[12];
  if (d->d.pci_device == 0) return;
  snprintf(id, sizeof id, "%04x", d->d.pci_device);
  snprintf(quoted, sizeof quoted, "\"%s\"", id);
  while (c->status == VF_OK && vf_catalog_next(&entry, &walk, ctx, VF_CATALOG_GPUS))
    if (mentions(&entry, quoted) && has_pci_id(&entry, maker_of(d)->id, id, ctx, c))
      offer(c, d, &entry, ctx);
}

/* ---- By name ---------------------------------------------------------------------------- */

/* Words behind a product's name that no catalog has. */
static void cut_name(char out[VF_NAME_SIZE], const char *name) {
  static const char *const ends[] = {" MIG ",       " Developer Kit", " Engineering Reference",
                                     " with Max-Q", " (nvgpu)",       NULL};
  snprintf(out, VF_NAME_SIZE, "%.95s", name);
  for (size_t i = 0; ends[i] != NULL; i++) {
    char *end = strstr(out, ends[i]);
    if (end != NULL) *end = '\0';
  }
}

/* The entries that the name can mean: cards, and unified machines, are sold with several sizes of
 * memory under one name. */
static void find_by_name(choice *c, const vf_found *d, const vf_context *ctx) {
  char name[VF_NAME_SIZE];
  vf_device_found found;
  cut_name(name, d->d.driver_name);
  if (name[0] == '\0') return;
  vf_device_find(&found, ctx, name);
  for (size_t i = 0; i < found.n; i++) offer(c, d, &found.entries[i], ctx);
}

/* ---- One device ------------------------------------------------------------------------- */

/* "1g.10gb" at the end of "NVIDIA A100-SXM4-80GB MIG 1g.10gb". */
static const char *profile_of(const vf_found *d) {
  const char *mig = d->d.instance ? strstr(d->d.driver_name, " MIG ") : NULL;
  return mig != NULL ? mig + 5 : NULL;
}

/* The speeds of the whole GPU are not an instance's. */
static void forget_speeds(vf_device *v) {
  v->bandwidth_mb_per_s = v->link_mb_per_s = v->pcie_mb_per_s = 0;
  v->fp16_gflops = v->fp8_gflops = v->fp4_gflops = v->int8_gops = v->compute_units = 0;
}

/* An instance of a size that is not listed is the GPU's, without its speeds. */
static void take_instance(vf_device *v, const vf_found *d, const choice *c, const vf_context *ctx) {
  const char *profile = profile_of(d);
  if (profile != NULL && vf_device_read(v, &c->entry, profile, ctx, NULL) == VF_OK) return;
  forget_speeds(v);
  v->reserved_bytes = 0;
  v->sold_gb = 0;
  if (profile == NULL) return;
  size_t at = strlen(v->id);
  snprintf(v->id + at, sizeof v->id - at, ":%s", profile);
  at = strlen(v->name);
  snprintf(v->name + at, sizeof v->name - at, " %s", profile);
}

/* Memory as the driver has it.  One that says nothing of its own share has it in what is used. */
static void keep_memory(vf_device *v, const vf_found *d) {
  const vf_device *own = &d->d.device;
  if (!d->memory_known) return;
  uint64_t reserve = v->reserved_bytes;
  v->total_known = true;
  v->total_bytes = own->total_bytes;
  if (own->whole_bytes != 0) v->whole_bytes = own->whole_bytes;
  if (d->reserved_known) {
    v->reserved_bytes = own->reserved_bytes;
    v->used_bytes = own->used_bytes;
    return;
  }
  v->reserved_bytes = reserve < own->total_bytes ? reserve : 0;
  bool within = d->d.device.backend == VF_BACKEND_CUDA;
  uint64_t used = own->used_bytes, room = own->total_bytes - v->reserved_bytes;
  if (within) used = used > v->reserved_bytes ? used - v->reserved_bytes : 0;
  v->used_bytes = used < room ? used : room;
}

static void take_entry(vf_found *d, const choice *c, const vf_context *ctx) {
  vf_device v = c->device;
  if (d->d.instance) take_instance(&v, d, c, ctx);
  v.kind = d->d.device.kind;
  v.used_bytes = 0;
  if (d->d.device.compute_capability != 0) v.compute_capability = d->d.device.compute_capability;
  keep_memory(&v, d);
  d->d.device = v;
  d->d.in_catalog = true;
  d->entry = c->entry;
  d->coherent = v.kind == VF_DEVICE_DISCRETE && c->device.host_memory_bytes != 0;
  if (c->other[0] != '\0')
    vf_found_note(d, "it may be %s as well: the two have the same PCI id and memory", c->other);
}

/* A name that can be an id: "radeon-rx-9999". */
static void make_id(char *out, size_t size, const char *name) {
  size_t n = 0;
  for (const char *s = name; *s != '\0' && n + 1 < size; s++) {
    char c = *s >= 'A' && *s <= 'Z' ? (char)(*s - 'A' + 'a') : *s;
    bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.';
    if (plain)
      out[n++] = c;
    else if (n > 0 && out[n - 1] != '-')
      out[n++] = '-';
  }
  while (n > 0 && out[n - 1] == '-') n--;
  out[n] = '\0';
}

/* What a vendor's devices cost where nothing else is known, in MiB: the widest intervals of the
 * catalog's classes (data/gpus). */
static void take_defaults(vf_found *d) {
  static const struct {
    uint32_t reserve, context[3];
  } costs[VF_BACKEND_COUNT] = {[VF_BACKEND_CUDA] = {650, {290, 430, 600}},
                               [VF_BACKEND_ROCM] = {256, {100, 300, 800}},
                               [VF_BACKEND_SYCL] = {512, {100, 400, 800}},
                               [VF_BACKEND_METAL] = {0, {0, 100, 300}}};
  vf_device v = d->d.device;
  char ids[32];
  if (d->d.pci_device != 0)
    snprintf(ids, sizeof ids, "%s GPU %04x", maker_of(d)->title, (unsigned)d->d.pci_device);
  else
    snprintf(ids, sizeof ids, "%s GPU", maker_of(d)->title);
  const char *name = d->d.driver_name[0] != '\0' ? d->d.driver_name : ids;
  snprintf(v.name, sizeof v.name, "%.63s", name);
  make_id(v.id, sizeof v.id, name);
  for (size_t i = 0; v.name[i] != '\0'; i++)
    if ((unsigned char)v.name[i] < ' ' || (unsigned char)v.name[i] > '~') v.name[i] = '?';
  if (v.id[0] == '\0') snprintf(v.id, sizeof v.id, "unknown");
  v.context =
      (vf_interval){costs[v.backend].context[0] * VF_MIB, costs[v.backend].context[1] * VF_MIB,
                    costs[v.backend].context[2] * VF_MIB};
  v.reserved_bytes = d->d.instance ? 0 : costs[v.backend].reserve * VF_MIB;
  v.headroom_bytes = VF_GIB;
  if (v.kind == VF_DEVICE_UNIFIED) v.headroom_permille = 100;
  keep_memory(&v, d);
  d->d.device = v;
}

/* Machines have several GPUs of one kind, and GPUs have several instances. */
static bool is_like(const vf_found *a, const vf_found *b) {
  return b->d.in_catalog && a->d.pci_device != 0 && a->d.pci_device == b->d.pci_device &&
         a->d.pci_vendor == b->d.pci_vendor && a->d.instance == b->d.instance &&
         b->d.note[0] == '\0' &&
         (a->d.instance || (a->d.device.total_bytes == b->d.device.total_bytes &&
                            strcmp(a->d.driver_name, b->d.driver_name) == 0));
}

vf_status vf_match(vf_found *d, const vf_found *before, const vf_context *ctx, vf_error *err) {
  choice c = {.status = VF_OK};
  if (before != NULL && is_like(d, before)) offer(&c, d, &before->entry, ctx);
  if (!c.any && c.status == VF_OK) find_by_pci(&c, d, ctx);
  if (!c.any && c.status == VF_OK) find_by_name(&c, d, ctx);
  if (c.status != VF_OK) return vf_fail_nomem(err);
  if (c.any)
    take_entry(d, &c, ctx);
  else
    take_defaults(d);
  return VF_OK;
}
