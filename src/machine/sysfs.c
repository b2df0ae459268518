/* sysfs.c - amdgpu, xe and i915 under /sys/class/drm; the PCI bus; a Jetson's device tree.
 *
 * amdgpu tells total and used memory of its own (VRAM) and of main memory that it may map (GTT).
 * Intel's drivers tell the total alone.  Sources: kernel documentation gpu/amdgpu, and the drivers
 * (amdgpu_vram_mgr.c, amdgpu_gtt_mgr.c, i915_sysfs.c, xe_tile_sysfs). */
#include "machine/sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/units.h"
#include "machine/system_file.h"

enum { VENDOR_AMD = 0x1002, VENDOR_NVIDIA = 0x10de, VENDOR_INTEL = 0x8086 };

/* ---- A pool shared with the system ------------------------------------------------------ */

/* What is free is the least of what the kernel can give and what is not the system's: the system's
 * share is counted once, not on top of what it holds already. */
void vf_share_host(vf_found *d, const vf_host_memory *host, uint64_t keep_bytes) {
  vf_device *v = &d->d.device;
  uint64_t keep = vf_min_u64(keep_bytes, host->total_bytes / 4);
  uint64_t most = host->total_bytes - keep;
  v->kind = VF_DEVICE_UNIFIED;
  v->total_bytes = host->total_bytes;
  v->total_known = true;
  v->reserved_bytes = keep;
  v->used_bytes = most - vf_min_u64(host->free_bytes, most);
  d->d.used_known = d->memory_known = d->reserved_known = true;
}

/* ---- AMD -------------------------------------------------------------------------------- */

typedef struct amd_memory {
  uint64_t vram, vram_used, gtt, gtt_used;
  bool vram_known, used_known, gtt_known;
} amd_memory;

static bool device_value(uint64_t *out, const char *root, const char *folder, const char *name,
                         int base) {
  char path[VF_SYSTEM_PATH];
  int n = snprintf(path, sizeof path, "%s/%s", folder, name);
  return n > 0 && (size_t)n < sizeof path && vf_system_value(out, root, path, base);
}

static bool device_has(const char *root, const char *folder, const char *name) {
  char path[VF_SYSTEM_PATH];
  int n = snprintf(path, sizeof path, "%s/%s", folder, name);
  return n > 0 && (size_t)n < sizeof path && vf_system_exists(root, path);
}

static amd_memory read_amd_memory(const char *root, const char *folder) {
  amd_memory m = {0};
  m.vram_known = device_value(&m.vram, root, folder, "mem_info_vram_total", 10);
  m.used_known = device_value(&m.vram_used, root, folder, "mem_info_vram_used", 10);
  m.gtt_known = device_value(&m.gtt, root, folder, "mem_info_gtt_total", 10);
  if (!device_value(&m.gtt_used, root, folder, "mem_info_gtt_used", 10)) m.gtt_used = 0;
  return m;
}

/* A GPU in the processor has no memory chips of its own, so that nobody made them, and no board:
 * the driver then leaves both files out, however much the firmware set aside. */
static bool is_amd_apu(const char *root, const char *folder, const amd_memory *m) {
  return m->gtt_known && !device_has(root, folder, "mem_info_vram_vendor") &&
         !device_has(root, folder, "board_info");
}

/* What the firmware set aside (VRAM) and what may be mapped of main memory (GTT), which can be set
 * beyond what there is; the system keeps its share of main memory. */
static void share_amd(vf_found *d, const amd_memory *m, const vf_host_memory *host) {
  vf_device *v = &d->d.device;
  uint64_t keep = vf_min_u64(8 * VF_GIB, host->total_bytes / 4);
  uint64_t most = host->total_bytes - keep, gtt = vf_min_u64(m->gtt, host->total_bytes);
  uint64_t total, vram_free = m->vram - vf_min_u64(m->vram_used, m->vram);
  uint64_t gtt_free = vf_min_u64(gtt - vf_min_u64(m->gtt_used, gtt), host->free_bytes);
  if (!vf_add(&total, m->vram, gtt)) return;
  v->kind = VF_DEVICE_UNIFIED;
  d->d.integrated = true;
  v->total_bytes = total;
  v->total_known = d->memory_known = d->reserved_known = true;
  v->reserved_bytes = gtt - vf_min_u64(gtt, most);
  /* the catalog's totals are what may be mapped by default, 29 of 64 GiB */
  d->match_bytes = (host->total_bytes + m->vram) / 64 * 29;
  uint64_t usable = total - v->reserved_bytes;
  v->used_bytes = usable - vf_min_u64(vram_free + gtt_free, usable);
  d->d.used_known = m->used_known;
  if (m->gtt > host->total_bytes)
    vf_found_note(d, "it may map more (%llu MiB) than there is main memory: main memory counts",
                  (unsigned long long)(m->gtt / VF_MIB));
  else if (gtt < host->total_bytes - host->total_bytes / 4)
    vf_found_note(d,
                  "it may map %llu of %llu MiB of main memory: ttm.pages_limit (amd-ttm --set) "
                  "raises that",
                  (unsigned long long)(gtt / VF_MIB),
                  (unsigned long long)(host->total_bytes / VF_MIB));
}

static void own_amd(vf_found *d, const amd_memory *m) {
  vf_device *v = &d->d.device;
  v->kind = VF_DEVICE_DISCRETE;
  v->total_bytes = m->vram;
  v->total_known = d->memory_known = true;
  d->d.used_known = m->used_known && m->vram_used <= m->vram;
  v->used_bytes = d->d.used_known ? m->vram_used : 0;
  if (m->used_known && !d->d.used_known)
    vf_found_note(d, "amdgpu says that %llu of %llu MiB are used, which cannot be: say --used SIZE",
                  (unsigned long long)(m->vram_used / VF_MIB),
                  (unsigned long long)(m->vram / VF_MIB));
}

static void check_amd_access(vf_findings *out, const char *root) {
  char path[VF_SYSTEM_PATH];
  int n = snprintf(path, sizeof path, "%s/dev/kfd", root);
  if (n < 0 || (size_t)n >= sizeof path || access(path, R_OK | W_OK) == 0) return;
  if (errno == EACCES || errno == EPERM)
    vf_findings_note(out, "AMD: /dev/kfd: permission denied, and ROCm needs it (add the user to "
                          "group render)");
  else
    vf_findings_note(out, "AMD: /dev/kfd is not there, and ROCm needs it (a container: --device "
                          "/dev/kfd --device /dev/dri)");
}

/* libdrm's list, where it is installed: "744C,\tC8,\tAMD Radeon RX 7900 XTX".  A card says its name
 * itself if it is one for servers. */
static void read_amd_name(vf_found *d, const char *root, const char *folder) {
  char wanted[16];
  uint64_t revision;
  if (!device_value(&revision, root, folder, "revision", 16) || revision > 0xFF) return;
  snprintf(wanted, sizeof wanted, "%04X,\t%02X,\t", (unsigned)d->d.pci_device, (unsigned)revision);
  vf_system_find(d->d.driver_name, sizeof d->d.driver_name, root, "/usr/share/libdrm/amdgpu.ids",
                 wanted);
}

static void find_amd(vf_findings *out, vf_found *d, const char *root, const char *folder,
                     const vf_host_memory *host) {
  amd_memory m = read_amd_memory(root, folder);
  char path[VF_SYSTEM_PATH];
  int n = snprintf(path, sizeof path, "%s/product_name", folder);
  d->d.device.backend = VF_BACKEND_ROCM;
  if (n > 0 && (size_t)n < sizeof path)
    vf_system_line(d->d.driver_name, sizeof d->d.driver_name, root, path);
  if (d->d.driver_name[0] == '\0') read_amd_name(d, root, folder);
  if (!m.vram_known || (m.vram == 0 && m.gtt == 0)) {
    vf_found_refuse(d, "no memory is told (mem_info_vram_total): is its driver amdgpu?");
    return;
  }
  if (host != NULL && is_amd_apu(root, folder, &m))
    share_amd(d, &m, host);
  else
    own_amd(d, &m);
  check_amd_access(out, root);
}

/* ---- Intel ------------------------------------------------------------------------------ */

/* xe: each tile has its own memory. */
static bool read_xe_memory(uint64_t *out, const char *root, const char *folder) {
  uint64_t sum = 0, n;
  char name[48];
  bool any = false;
  for (unsigned tile = 0; tile < 8; tile++) {
    snprintf(name, sizeof name, "tile%u/physical_vram_size_bytes", tile);
    if (!device_value(&n, root, folder, name, 16) || !vf_add(&sum, sum, n)) continue;
    any = true;
  }
  if (any && sum > 0) *out = sum;
  return any && sum > 0;
}

static void find_intel(vf_found *d, const char *root, const char *folder, const char *card,
                       const vf_host_memory *host) {
  vf_device *v = &d->d.device;
  uint64_t total = 0, left = 0;
  v->backend = VF_BACKEND_SYCL;
  v->kind = VF_DEVICE_DISCRETE;
  bool xe = read_xe_memory(&total, root, folder);
  bool own = xe || device_value(&total, root, card, "lmem_total_bytes", 10);
  snprintf(d->d.source, sizeof d->d.source, "%s", xe ? "xe" : "i915");
  if (own && total > 0) {
    v->total_bytes = total;
    v->total_known = d->memory_known = true;
    d->d.used_known = device_value(&left, root, card, "lmem_avail_bytes", 10) && left <= total;
    if (d->d.used_known)
      v->used_bytes = total - left;
    else
      vf_found_note(d, "what others hold is not told under /sys: say --used SIZE");
  } else if (host != NULL) {
    d->d.integrated = true;
    vf_share_host(d, host, 8 * VF_GIB);
  } else {
    vf_found_refuse(d, "its memory is main memory, which is not known");
  }
}

/* ---- Cards ------------------------------------------------------------------------------ */

/* The number of "card7"; connectors ("card7-DP-1") are none. */
static bool card_number(unsigned *out, const char *name) {
  uint64_t n;
  if (strncmp(name, "card", 4) != 0 || !vf_system_number(&n, name + 4, strlen(name + 4), 10))
    return false;
  *out = (unsigned)n;
  return n < 4096;
}

static int by_number(const void *a, const void *b) {
  unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
  return x < y ? -1 : x > y;
}

enum { MOST_CARDS = 256 };

static size_t list_cards(unsigned cards[MOST_CARDS], const char *root, const char *folder) {
  char path[VF_SYSTEM_PATH];
  size_t n = 0;
  int length = snprintf(path, sizeof path, "%s%s", root, folder);
  DIR *dir = length > 0 && (size_t)length < sizeof path ? opendir(path) : NULL;
  if (dir == NULL) return 0;
  for (struct dirent *e; n < MOST_CARDS && (e = readdir(dir)) != NULL;)
    if (card_number(&cards[n], e->d_name)) n++;
  closedir(dir);
  qsort(cards, n, sizeof *cards, by_number);
  return n;
}

/* The PCI address is where the link ends; a made-up tree has a folder in its place, and none. */
static void read_address(vf_found *d, const char *root, const char *folder) {
  char path[VF_SYSTEM_PATH], target[VF_SYSTEM_PATH];
  int n = snprintf(path, sizeof path, "%s%s", root, folder);
  if (n < 0 || (size_t)n >= sizeof path) return;
  ssize_t length = readlink(path, target, sizeof target - 1);
  if (length <= 0) return;
  target[length] = '\0';
  const char *name = strrchr(target, '/');
  snprintf(d->d.bus_id, sizeof d->d.bus_id, "%.31s", name != NULL ? name + 1 : target);
}

static void find_card(vf_findings *out, const char *root, unsigned number,
                      const vf_host_memory *host) {
  char card[64], folder[80];
  uint64_t vendor, device = 0;
  snprintf(card, sizeof card, "/sys/class/drm/card%u", number);
  snprintf(folder, sizeof folder, "%s/device", card);
  if (!device_value(&vendor, root, folder, "vendor", 16)) return;
  if (vendor != VENDOR_AMD && vendor != VENDOR_INTEL) return;
  vf_found *d = vf_findings_add(out);
  if (d == NULL) return;
  d->d.pci_vendor = (uint16_t)vendor;
  if (device_value(&device, root, folder, "device", 16) && device <= 0xFFFF)
    d->d.pci_device = (uint16_t)device;
  read_address(d, root, folder);
  snprintf(d->d.source, sizeof d->d.source, "amdgpu");
  if (vendor == VENDOR_AMD)
    find_amd(out, d, root, folder, host);
  else
    find_intel(d, root, folder, card, host);
}

void vf_sysfs_find(vf_findings *out, const char *root, const vf_host_memory *host) {
  unsigned cards[MOST_CARDS];
  size_t n = list_cards(cards, root, "/sys/class/drm");
  for (size_t i = 0; i < n; i++) find_card(out, root, cards[i], host);
}

/* ---- The PCI bus ------------------------------------------------------------------------ */

/* Class 03: displays and 3D controllers. */
static bool is_nvidia_gpu(char out_ids[16], const char *root, const char *address) {
  char folder[300];
  uint64_t vendor, class, device;
  snprintf(folder, sizeof folder, "/sys/bus/pci/devices/%.255s", address);
  if (!device_value(&vendor, root, folder, "vendor", 16) || vendor != VENDOR_NVIDIA) return false;
  if (!device_value(&class, root, folder, "class", 16) || class >> 16 != 3) return false;
  if (!device_value(&device, root, folder, "device", 16)) device = 0;
  snprintf(out_ids, 16, "10de:%04x", (unsigned)(device & 0xFFFF));
  return true;
}

bool vf_sysfs_has_nvidia(char out_ids[16], const char *root) {
  char path[VF_SYSTEM_PATH];
  bool found = false;
  int n = snprintf(path, sizeof path, "%s/sys/bus/pci/devices", root);
  DIR *dir = n > 0 && (size_t)n < sizeof path ? opendir(path) : NULL;
  if (dir == NULL) return false;
  for (struct dirent *e; !found && (e = readdir(dir)) != NULL;)
    found = e->d_name[0] != '.' && is_nvidia_gpu(out_ids, root, e->d_name);
  closedir(dir);
  return found;
}

/* ---- Jetson ----------------------------------------------------------------------------- */

void vf_sysfs_find_jetson(vf_findings *out, const char *root) {
  char model[96], release[96];
  bool is_tegra = vf_system_line(release, sizeof release, root, "/etc/nv_tegra_release");
  bool named = vf_system_line(model, sizeof model, root, "/proc/device-tree/model") ||
               vf_system_line(model, sizeof model, root, "/sys/firmware/devicetree/base/model");
  if (!is_tegra && (!named || strstr(model, "Jetson") == NULL)) return;
  vf_found *d = vf_findings_add(out);
  if (d == NULL) return;
  d->d.device.kind = VF_DEVICE_UNIFIED;
  d->d.device.backend = VF_BACKEND_CUDA;
  snprintf(d->d.source, sizeof d->d.source, "device-tree");
  snprintf(d->d.driver_name, sizeof d->d.driver_name, "%.90s", named ? model : "Jetson");
}
