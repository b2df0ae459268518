/* apple.c - hw.memsize, iogpu.wired_limit_mb and the pages that the kernel can give.
 *
 * What Metal recommends is not told without Metal: a limit that was set counts, else the share that
 * the catalog has for the chip (2/3 up to 36 GB, 3/4 above; newer systems give more). */
#ifdef __APPLE__
#define _DARWIN_C_SOURCE /* sysctlbyname is none of POSIX's */
#endif

#include "machine/apple.h"

#include "base/status.h"

#ifdef __APPLE__

#include <mach/mach.h>
#include <stdio.h>
#include <sys/sysctl.h>

#include "base/units.h"

static uint64_t number(const char *name) {
  uint64_t value = 0;
  size_t size = sizeof value;
  return sysctlbyname(name, &value, &size, NULL, 0) == 0 ? value : 0;
}

/* Free pages and those that are given up without writing. */
static uint64_t free_memory(uint64_t total) {
  vm_statistics64_data_t s;
  mach_msg_type_number_t n = HOST_VM_INFO64_COUNT;
  if (host_statistics64(mach_host_self(), HOST_VM_INFO64, (host_info64_t)&s, &n) != KERN_SUCCESS)
    return total;
  uint64_t pages = (uint64_t)s.free_count + s.inactive_count + s.purgeable_count;
  uint64_t bytes = pages * (uint64_t)vm_kernel_page_size;
  return bytes < total ? bytes : total;
}

vf_status vf_apple_find(vf_findings *out, vf_host_memory *host, vf_error *err) {
  vf_host_memory h = {.total_bytes = number("hw.memsize")};
  if (h.total_bytes == 0)
    return vf_fail(err, VF_IO, "hw.memsize is not told: say --host-memory SIZE");
  h.free_bytes = free_memory(h.total_bytes);
  h.usable_bytes = h.total_bytes;
  h.usable_free_bytes = h.free_bytes;
  *host = h;
  vf_found *d = vf_findings_add(out);
  if (d == NULL) return VF_OK;
  size_t size = sizeof d->d.driver_name;
  if (sysctlbyname("machdep.cpu.brand_string", d->d.driver_name, &size, NULL, 0) != 0)
    d->d.driver_name[0] = '\0';
  uint64_t limit = number("iogpu.wired_limit_mb") * VF_MIB, total = h.total_bytes;
  if (limit == 0 || limit > total)
    limit = total <= 36 * VF_GIB ? total / 1000 * 666 : total / 1000 * 750;
  uint64_t used = total - h.free_bytes;
  d->d.device.kind = VF_DEVICE_UNIFIED;
  d->d.device.backend = VF_BACKEND_METAL;
  d->d.device.total_known = d->memory_known = d->reserved_known = d->d.used_known = true;
  d->d.device.total_bytes = total;
  d->d.device.reserved_bytes = total - limit;
  d->d.device.used_bytes = used > total - limit ? used - (total - limit) : 0;
  d->d.device.whole_bytes = h.free_bytes + d->d.device.used_bytes;
  snprintf(d->d.source, sizeof d->d.source, "sysctl");
  return VF_OK;
}

#else

vf_status vf_apple_find(vf_findings *out, vf_host_memory *host, vf_error *err) {
  (void)out;
  (void)host;
  return vf_fail(err, VF_UNSUPPORTED, "this is not macOS");
}

#endif
