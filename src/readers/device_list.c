/* device_list.c - "h100x8+rtx-4090" or "dgx-h100" to devices: names, counts, instances, nodes.
 *
 * A name is a device ("h100"), an instance of one ("h200:1g.18gb") or a node, which stands for all
 * its devices; a count behind it repeats any of them.  Names of devices and nodes never collide:
 * the build refuses that. */
#include "readers/device_list.h"

#include <stdio.h>
#include <string.h>

#include "base/args.h"
#include "base/names.h"
#include "base/status.h"
#include "base/units.h"
#include "readers/config.h"
#include "readers/device.h"
#include "readers/name/device_name.h"

/* ---- One name --------------------------------------------------------------------------- */

enum { TEXT_SIZE = 200 };

/* What a name stands for. */
typedef struct named {
  vf_catalog_entry entry;
  bool is_node;
  bool sizes;          /* the name is sold with several sizes of memory, and this is the smallest */
  bool counted;        /* the name says how many there are, be it one */
  const char *profile; /* inside the text that was searched; NULL: the whole device */
  unsigned count;
} named;

/* Only an id says all: another name may be that of several cards, and so may an id without a size.
 */
static bool find_device(named *out, const vf_context *ctx, const char *name) {
  vf_device_found found;
  vf_device_find(&found, ctx, name);
  bool exact = vf_catalog_find(&out->entry, ctx, VF_CATALOG_GPUS, name);
  bool id = exact && vf_name_equal(out->entry.id, name);
  if (found.n == 0 || (id && out->entry.json != found.entries[0].json)) return exact;
  out->entry = found.entries[0];
  out->sizes = found.sizes;
  return true;
}

/* A device, "device:profile" (cut at the colon then), or a node. */
static bool find_one(named *out, const vf_context *ctx, char *name) {
  char *colon = strchr(name, ':');
  *out = (named){.count = 1};
  out->is_node = colon == NULL && vf_catalog_find(&out->entry, ctx, VF_CATALOG_NODES, name);
  if (out->is_node) return true;
  if (colon != NULL) *colon = '\0';
  bool found = find_device(out, ctx, name);
  if (colon != NULL && found) out->profile = colon + 1;
  if (colon != NULL && !found) *colon = ':';
  if (found || colon != NULL) return found;
  out->is_node = vf_node_find(&out->entry, ctx, name);
  return out->is_node;
}

/* A name as it stands comes first ("mi300x"), then with a count before or behind it ("8x H100",
 * "mi300xx8", "h100:8"). */
static vf_status find_named(named *out, char name[TEXT_SIZE], const vf_context *ctx,
                            const char *text, vf_error *err) {
  size_t n = strlen(text);
  if (n >= TEXT_SIZE) return vf_device_unknown(ctx, text, err);
  memcpy(name, text, n + 1);
  if (strchr(name, ':') == NULL && find_one(out, ctx, name)) return VF_OK;
  memcpy(name, text, n + 1);
  unsigned count = vf_device_name_count(name);
  if (count == VF_DEVICE_NAME_NONSENSE)
    return vf_fail(err, VF_USAGE, "'%s': a count of devices is 1 to %d", text, VF_MAX_DEVICES);
  if (!find_one(out, ctx, name)) return vf_device_unknown(ctx, text, err);
  out->counted = count != 0;
  out->count = count != 0 ? count : 1;
  return VF_OK;
}

/* ---- Nodes ------------------------------------------------------------------------------ */

static vf_status read_counts(vf_node *g, uint64_t *host_mib, const vf_facts *f, vf_error *err) {
  uint64_t count = 0, hosts = 1;
  bool found;
  vf_status status = vf_facts_number(&count, &found, f, "count", 0, "count", 1, 1000, err);
  if (status == VF_OK)
    status = vf_facts_number(&hosts, &found, f, "hosts", 0, "count", 1, 1000, err);
  if (status == VF_OK)
    status = vf_facts_number(host_mib, &found, f, "host_memory_mib", 0, "size in MiB", 0,
                             UINT64_C(1) << 30, err);
  if (status == VF_OK && (count == 0 || count % hosts != 0))
    status = vf_facts_fail(f, "count", VF_MALFORMED, err, "a node has so many devices per host");
  g->count = (unsigned)count;
  g->hosts = (unsigned)hosts;
  return status;
}

/* The devices of a node are alike; they know the main memory of their host, and have no link where
 * the node has none. */
static vf_status read_node_facts(vf_node *out, const vf_facts *f, const vf_context *ctx,
                                 vf_error *err) {
  char gpu[TEXT_SIZE];
  uint64_t host_mib = 0;
  named what;
  vf_status status = read_counts(out, &host_mib, f, err);
  if (status == VF_OK) status = find_named(&what, gpu, ctx, vf_facts_string(f, "gpu", ""), err);
  if (status == VF_OK && (what.is_node || what.count != 1))
    status = vf_facts_fail(f, "gpu", VF_MALFORMED, err, "a node is made of one kind of device");
  if (status == VF_OK) status = vf_device_read(&out->device, &what.entry, what.profile, ctx, err);
  if (status != VF_OK) return status;
  if (host_mib != 0) out->device.host_memory_bytes = host_mib * VF_MIB;
  if (strcmp(vf_facts_string(f, "link", ""), "pcie") == 0) out->device.link_mb_per_s = 0;
  return VF_OK;
}

vf_status vf_node_read(vf_node *out, const vf_catalog_entry *entry, const vf_context *ctx,
                       vf_error *err) {
  vf_arena *arena = vf_arena_new(&ctx->allocator, 1 << 20);
  if (arena == NULL) return vf_fail_nomem(err);
  vf_facts facts = vf_facts_in(arena, entry->file);
  vf_status status = vf_config_parse(&facts, entry->json, entry->length, err);
  if (status == VF_OK) status = read_node_facts(out, &facts, ctx, err);
  vf_arena_free(arena);
  return status;
}

/* ---- The list --------------------------------------------------------------------------- */

/* The devices so far; those that are in no node share the first host. */
typedef struct list {
  vf_device *devices;
  size_t capacity, count;
  uint32_t hosts; /* of the nodes so far */
} list;

static vf_status read_group(vf_node *out, const vf_context *ctx, const char *text, vf_error *err) {
  char name[TEXT_SIZE];
  named what;
  *out = (vf_node){.count = 1, .hosts = 0};
  vf_status status = find_named(&what, name, ctx, text, err);
  if (status != VF_OK) return status;
  if (what.is_node)
    status = vf_node_read(out, &what.entry, ctx, err);
  else
    status = vf_device_read(&out->device, &what.entry, what.profile, ctx, err);
  if (status == VF_OK) out->device.several_sizes = what.sizes;
  out->count *= what.count;
  out->hosts *= what.count;
  return status;
}

static vf_status add_group(list *l, const vf_context *ctx, const char *text, vf_error *err) {
  vf_node g;
  vf_status status = read_group(&g, ctx, text, err);
  if (status != VF_OK) return status;
  if (g.count > l->capacity - l->count)
    return vf_fail(err, VF_LIMIT,
                   "'%s' makes %zu devices: no more than %zu devices in one estimate", text,
                   l->count + g.count, l->capacity);
  unsigned per_host = g.hosts != 0 ? g.count / g.hosts : g.count;
  for (unsigned i = 0; i < g.count; i++) {
    g.device.host = g.hosts != 0 ? l->hosts + i / per_host : 0;
    l->devices[l->count++] = g.device;
  }
  l->hosts += g.hosts;
  return VF_OK;
}

/* Up to the next '+', but for the one of "Ryzen AI Max+ 395". */
static size_t group_length(const char *s) {
  size_t n = strcspn(s, "+");
  bool name = n >= 6 && s[n] == '+' && vf_name_equal_n(s + n - 3, "max", 3) &&
              vf_name_equal_n(s + n - 6, "ai", 2);
  return name ? n + 1 + strcspn(s + n + 1, "+") : n;
}

vf_status vf_devices_parse(vf_device *out, size_t capacity, size_t *out_count,
                           const vf_context *ctx, const char *text, vf_error *err) {
  list l = {.devices = out, .capacity = capacity};
  VF_NEED(err, out);
  VF_NEED(err, out_count);
  VF_NEED(err, ctx);
  VF_NEED(err, text);
  for (const char *s = text;; s++) {
    char name[TEXT_SIZE + 1];
    size_t length = group_length(s);
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), s);
    vf_status status = add_group(&l, ctx, name, err);
    if (status != VF_OK) return status;
    s += length;
    if (*s == '\0') break;
  }
  *out_count = l.count;
  return VF_OK;
}

bool vf_devices_counted(const vf_context *ctx, const char *text) {
  char name[TEXT_SIZE];
  named what;
  if (text[group_length(text)] != '\0') return true;
  return find_named(&what, name, ctx, text, NULL) == VF_OK && (what.is_node || what.counted);
}
