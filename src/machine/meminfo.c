/* meminfo.c - main memory as Linux tells it.
 *
 * MemAvailable is what can be had without swapping; MemFree leaves out what caches would give back.
 * Swap and huge pages are told apart and never added: swap is slow, and huge pages that are set
 * aside serve those alone who ask for huge pages. */
#include "machine/meminfo.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/status.h"
#include "base/units.h"
#include "machine/system_file.h"

/* ---- /proc/meminfo ---------------------------------------------------------------------- */

typedef struct meminfo {
  uint64_t total, free, available, buffers, cached, swap_total, swap_free;
  uint64_t huge_total, huge_free, huge_size; /* pages, pages, bytes */
  bool has_available;
} meminfo;

static const struct {
  const char *key;
  size_t offset;
  bool kib;
} keys[] = {
    {"MemTotal", offsetof(meminfo, total), true},
    {"MemFree", offsetof(meminfo, free), true},
    {"MemAvailable", offsetof(meminfo, available), true},
    {"Buffers", offsetof(meminfo, buffers), true},
    {"Cached", offsetof(meminfo, cached), true},
    {"SwapTotal", offsetof(meminfo, swap_total), true},
    {"SwapFree", offsetof(meminfo, swap_free), true},
    {"HugePages_Total", offsetof(meminfo, huge_total), false},
    {"HugePages_Free", offsetof(meminfo, huge_free), false},
    {"Hugepagesize", offsetof(meminfo, huge_size), true},
};

/* "   16384 kB": the unit is the same since 1992, but it is looked at. */
static bool read_amount(uint64_t *out, const char *text, size_t length, bool kib) {
  uint64_t n;
  while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL) length--;
  if (kib) {
    if (length < 3 || memcmp(text + length - 3, " kB", 3) != 0) return false;
    length -= 3;
  }
  return vf_system_number(&n, text, length, 10) && vf_mul(out, n, kib ? VF_KIB : 1);
}

static void read_line(meminfo *m, const char *line, size_t length, vf_findings *notes) {
  const char *colon = memchr(line, ':', length);
  if (colon == NULL) return;
  size_t name = (size_t)(colon - line);
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    if (strlen(keys[i].key) != name || memcmp(keys[i].key, line, name) != 0) continue;
    uint64_t n;
    bool read = read_amount(&n, colon + 1, length - name - 1, keys[i].kib);
    if (read) memcpy((char *)m + keys[i].offset, &n, sizeof n);
    if (read && keys[i].offset == offsetof(meminfo, available)) m->has_available = true;
    if (!read && notes != NULL)
      vf_findings_note(notes, "/proc/meminfo: %s is no number of kB: left out", keys[i].key);
  }
}

/* Before Linux 3.14 there is no MemAvailable; caches are what comes nearest. */
static uint64_t available(const meminfo *m, vf_findings *notes) {
  uint64_t sum = m->free;
  if (m->has_available) return m->available;
  if (notes != NULL)
    vf_findings_note(notes, "/proc/meminfo has no MemAvailable: free memory and caches are taken");
  if (!vf_add(&sum, sum, m->buffers) || !vf_add(&sum, sum, m->cached)) return m->free;
  return sum;
}

vf_status vf_meminfo_parse(vf_host_memory *out, const char *text, size_t length, vf_findings *notes,
                           vf_error *err) {
  meminfo m = {0};
  for (size_t at = 0; at < length;) {
    const char *end = memchr(text + at, '\n', length - at);
    size_t n = end != NULL ? (size_t)(end - (text + at)) : length - at;
    read_line(&m, text + at, n, notes);
    at += n + 1;
  }
  if (m.total == 0 || m.total >> 50 != 0)
    return vf_fail_at(err, VF_MALFORMED, "/proc/meminfo", "MemTotal",
                      "it does not say how much memory there is: say --host-memory SIZE");
  vf_host_memory h = {.total_bytes = m.total, .free_bytes = available(&m, notes)};
  if (h.free_bytes > h.total_bytes) {
    if (notes != NULL)
      vf_findings_note(notes, "/proc/meminfo: more memory is available than there is: MemTotal is "
                              "taken");
    h.free_bytes = h.total_bytes;
  }
  h.swap_bytes = m.swap_total;
  h.swap_free_bytes = vf_min_u64(m.swap_free, m.swap_total);
  if (!vf_mul(&h.huge_pages_bytes, m.huge_total, m.huge_size) ||
      h.huge_pages_bytes > h.total_bytes ||
      !vf_mul(&h.huge_pages_free_bytes, vf_min_u64(m.huge_free, m.huge_total), m.huge_size))
    h.huge_pages_bytes = h.huge_pages_free_bytes = 0;
  *out = h;
  return VF_OK;
}

/* ---- Control groups --------------------------------------------------------------------- */

bool vf_cgroup_stat(uint64_t *out, const char *text, size_t length, const char *key) {
  size_t name = strlen(key);
  for (size_t at = 0; at < length;) {
    const char *line = text + at, *end = memchr(line, '\n', length - at);
    size_t n = end != NULL ? (size_t)(end - line) : length - at;
    if (n > name && memcmp(line, key, name) == 0 && line[name] == ' ')
      return vf_system_number(out, line + name + 1, n - name - 1, 10);
    at += n + 1;
  }
  return false;
}

/* "memory" among "cpu,memory". */
static bool has_controller(const char *list, size_t length) {
  for (size_t at = 0; at < length;) {
    const char *comma = memchr(list + at, ',', length - at);
    size_t n = comma != NULL ? (size_t)(comma - (list + at)) : length - at;
    if (n == 6 && memcmp(list + at, "memory", 6) == 0) return true;
    at += n + 1;
  }
  return false;
}

/* Lines are "ID:CONTROLLERS:PATH"; version 2 is "0::PATH".  Where both are, version 1 has the
 * controller for memory if a line says so. */
bool vf_cgroup_path(char *out, size_t size, bool *v2, const char *text, size_t length) {
  bool found = false;
  for (size_t at = 0; at < length;) {
    const char *line = text + at, *end = memchr(line, '\n', length - at);
    size_t n = end != NULL ? (size_t)(end - line) : length - at;
    at += n + 1;
    const char *first = memchr(line, ':', n);
    if (first == NULL) continue;
    const char *list = first + 1;
    const char *second = memchr(list, ':', n - (size_t)(list - line));
    if (second == NULL) continue;
    size_t path = n - (size_t)(second + 1 - line);
    bool old = has_controller(list, (size_t)(second - list));
    if (!old && (second != list || (found && !*v2))) continue;
    if (path == 0 || path >= size || second[1] != '/') continue;
    memcpy(out, second + 1, path);
    out[path] = '\0';
    /* "/../a" is a group outside of what this process can see */
    if (strlen(out) != path || strstr(out, "/..") != NULL) out[1] = '\0';
    *v2 = !old;
    found = true;
  }
  return found;
}

typedef struct limits {
  uint64_t limit, room;
  bool any;
} limits;

enum { NO_LIMIT_MIB = 1 << 30 }; /* version 1 says "none" by a number next to 2^63 */

/* folder/name, in the folder's own place: paths are long, and stacks may be small. */
static const char *within(char folder[VF_SYSTEM_PATH], size_t n, const char *name) {
  snprintf(folder + n, VF_SYSTEM_PATH - n, "/%s", name);
  return folder;
}

/* What one group may still take: memory that holds copies of files can be had back. */
static void look_at_group(limits *l, const char *root, char folder[VF_SYSTEM_PATH], bool v2) {
  char text[VF_SYSTEM_FILE / 2];
  uint64_t limit, now = 0, files = 0;
  size_t n, end = strlen(folder);
  const char *path = within(folder, end, v2 ? "memory.max" : "memory.limit_in_bytes");
  bool limited = vf_system_value(&limit, root, path, 10) && limit / VF_MIB < NO_LIMIT_MIB;
  path = within(folder, end, v2 ? "memory.current" : "memory.usage_in_bytes");
  if (!vf_system_value(&now, root, path, 10)) now = 0;
  path = within(folder, end, "memory.stat");
  if (vf_system_read(text, sizeof text, &n, root, path) != VF_SYSTEM_READ ||
      !vf_cgroup_stat(&files, text, n, v2 ? "inactive_file" : "total_inactive_file"))
    files = 0;
  folder[end] = '\0';
  if (!limited) return;
  uint64_t held = now - vf_min_u64(files, now);
  uint64_t room = limit - vf_min_u64(held, limit);
  if (!l->any || limit < l->limit) l->limit = limit;
  if (!l->any || room < l->room) l->room = room;
  l->any = true;
}

/* The group and all that it is in.  A path that is not there is of another namespace: the mount
 * itself is then this process's group. */
static bool find_group(char *out, size_t size, bool *v2, const char *root) {
  char text[VF_SYSTEM_FILE];
  size_t n;
  return vf_system_read(text, sizeof text, &n, root, "/proc/self/cgroup") == VF_SYSTEM_READ &&
         vf_cgroup_path(out, size, v2, text, n);
}

static limits find_limits(const char *root) {
  static const char v2_mount[] = "/sys/fs/cgroup", v1_mount[] = "/sys/fs/cgroup/memory";
  char group[2048], folder[VF_SYSTEM_PATH];
  limits l = {0};
  bool v2;
  if (!find_group(group, sizeof group, &v2, root)) return l;
  const char *mount = v2 ? v2_mount : v1_mount;
  snprintf(folder, sizeof folder, "%s%s", mount, group);
  if (!vf_system_exists(root, folder)) snprintf(folder, sizeof folder, "%s", mount);
  for (size_t end = strlen(folder); end >= strlen(mount); end--) {
    if (end != strlen(mount) && folder[end] != '/' && folder[end] != '\0') continue;
    folder[end] = '\0';
    if (end > 0 && folder[end - 1] == '/') continue;
    look_at_group(&l, root, folder, v2);
  }
  return l;
}

/* ---- Both ------------------------------------------------------------------------------- */

static vf_status read_meminfo(vf_host_memory *out, vf_findings *notes, const char *root,
                              vf_error *err) {
  static const char path[] = "/proc/meminfo";
  char text[VF_SYSTEM_FILE];
  size_t n;
  vf_system_result read = vf_system_read(text, sizeof text, &n, root, path);
  if (read == VF_SYSTEM_DENIED)
    return vf_fail_at(err, VF_IO, path, "", "permission denied: say --host-memory SIZE");
  if (read != VF_SYSTEM_READ)
    return vf_fail_at(err, VF_IO, path, "", "cannot be read: say --host-memory SIZE");
  return vf_meminfo_parse(out, text, n, notes, err);
}

vf_status vf_host_memory_read(vf_host_memory *out, vf_findings *notes, const char *root,
                              vf_error *err) {
  vf_host_memory h;
  vf_status status = read_meminfo(&h, notes, root, err);
  if (status != VF_OK) return status;
  limits l = find_limits(root);
  h.usable_bytes = h.total_bytes;
  h.usable_free_bytes = h.free_bytes;
  if (l.any && l.limit < h.total_bytes) {
    h.limit_bytes = l.limit;
    h.usable_bytes = l.limit;
    h.usable_free_bytes = vf_min_u64(h.free_bytes, l.room);
  }
  *out = h;
  return VF_OK;
}

/* ---- Grace ------------------------------------------------------------------------------ */

/* "Node 1 MemTotal:  100663296 kB" */
static uint64_t node_value(const char *text, size_t length, const char *key) {
  uint64_t n;
  for (size_t at = 0; at < length;) {
    const char *line = text + at, *end = memchr(line, '\n', length - at);
    size_t size = end != NULL ? (size_t)(end - line) : length - at;
    const char *found = strstr(line, key);
    if (found != NULL && found < line + size) {
      size_t value = (size_t)(found - line) + strlen(key);
      if (read_amount(&n, line + value, size - value, true)) return n;
    }
    at += size + 1;
  }
  return 0;
}

void vf_host_memory_without_gpus(vf_host_memory *h, const char *root) {
  enum { MOST_NODES = 64 };
  char path[96], cpus[32], text[VF_SYSTEM_FILE];
  uint64_t total = 0, left = 0;
  for (unsigned node = 0; node < MOST_NODES; node++) {
    size_t n;
    snprintf(path, sizeof path, "/sys/devices/system/node/node%u/meminfo", node);
    if (vf_system_read(text, sizeof text, &n, root, path) != VF_SYSTEM_READ) continue;
    snprintf(path, sizeof path, "/sys/devices/system/node/node%u/cpulist", node);
    if (vf_system_line(cpus, sizeof cpus, root, path)) continue;
    if (!vf_add(&total, total, node_value(text, n, " MemTotal:")) ||
        !vf_add(&left, left, node_value(text, n, " MemFree:")))
      return;
  }
  if (total >= h->total_bytes) return;
  h->total_bytes -= total;
  h->free_bytes = vf_min_u64(h->free_bytes - vf_min_u64(left, h->free_bytes), h->total_bytes);
  h->usable_bytes = vf_min_u64(h->usable_bytes, h->total_bytes);
  h->usable_free_bytes = vf_min_u64(h->usable_free_bytes, h->free_bytes);
}
