/* machine.c - asks all sources, and puts together what they say.
 *
 * Order: main memory first, because a GPU that shares it needs it; then NVIDIA's library, the
 * kernel's files for AMD and Intel, the device tree.  A source that is not there is no error; one
 * that is there and fails leaves a note. */
#include "machine/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/args.h"
#include "base/status.h"
#include "base/units.h"
#include "machine/apple.h"
#include "machine/match.h"
#include "machine/meminfo.h"
#include "machine/nvml.h"
#include "machine/sysfs.h"
#include "machine/system_file.h"
#include "readers/catalog.h"

/* ---- Looking ---------------------------------------------------------------------------- */

static void look_at_memory(vf_machine *m, const char *root) {
  vf_error err = {.status = VF_OK};
  vf_status status = VF_UNSUPPORTED;
  char line[200];
  if (root[0] == '\0') status = vf_apple_find(&m->findings, &m->info.host, &err);
  if (status == VF_UNSUPPORTED)
    status = vf_host_memory_read(&m->info.host, &m->findings, root, &err);
  m->info.host_known = status == VF_OK;
  if (status == VF_OK) return;
  vf_error_line(&err, line, sizeof line);
  vf_findings_note(&m->findings, "%s", line);
}

static void look_for_nvidia(vf_machine *m, const char *root, const char *path) {
  size_t before = m->findings.n_devices;
  char ids[16];
  vf_nvml_result result = vf_nvml_find(&m->findings, m->driver_version, root, path);
  if (m->findings.n_devices == before) vf_sysfs_find_jetson(&m->findings, root);
  if (m->findings.n_devices != before || result != VF_NVML_ABSENT) return;
  if (vf_sysfs_has_nvidia(ids, root))
    vf_findings_note(&m->findings,
                     "NVIDIA: a GPU is there (%s), and no driver: libnvidia-ml.so.1 is not found "
                     "(install the driver; a container needs --gpus all)",
                     ids);
}

static void look_for_oddities(vf_machine *m, const char *root) {
  char release[128];
  const vf_host_memory *h = &m->info.host;
  if (vf_system_line(release, sizeof release, root, "/proc/sys/kernel/osrelease") &&
      (strstr(release, "microsoft") != NULL || strstr(release, "Microsoft") != NULL))
    vf_findings_note(&m->findings, "WSL: Windows shares the GPU and holds a part of its memory");
  if (!m->info.host_known) return;
  bool shared = false;
  for (size_t i = 0; i < m->findings.n_devices; i++)
    shared |= m->found[i].d.device.kind == VF_DEVICE_UNIFIED &&
              m->found[i].d.device.backend == VF_BACKEND_CUDA;
  if (h->limit_bytes != 0)
    vf_findings_note(&m->findings,
                     "a control group limits this process to %llu MiB of main "
                     "memory%s",
                     (unsigned long long)(h->limit_bytes / VF_MIB),
                     shared ? "; it does not bind what the GPU takes of the shared pool: it is no "
                              "guard"
                            : "");
  if (h->huge_pages_bytes != 0)
    vf_findings_note(&m->findings,
                     "%llu MiB are set aside as huge pages (%llu MiB of them free): engines "
                     "do not use them%s",
                     (unsigned long long)(h->huge_pages_bytes / VF_MIB),
                     (unsigned long long)(h->huge_pages_free_bytes / VF_MIB),
                     shared ? ", and llama.cpp takes the free ones for all there is" : "");
}

/* ---- Putting together ------------------------------------------------------------------- */

/* A GPU without memory of its own: its total is main memory's, its reserve the entry's. */
static vf_status finish_device(vf_machine *m, size_t i, const vf_context *ctx, vf_error *err) {
  vf_found *d = &m->found[i];
  bool shares = d->d.device.kind == VF_DEVICE_UNIFIED && !d->memory_known;
  if (shares && m->info.host_known) {
    d->d.device.total_bytes = m->info.host.total_bytes;
    d->memory_known = true;
  }
  if (d->d.device.total_bytes >> 50 != 0) {
    d->memory_known = false;
    vf_found_refuse(d, "its driver says that it has %llu GiB, which cannot be",
                    (unsigned long long)(d->d.device.total_bytes / VF_GIB));
  }
  vf_status status = vf_match(d, i > 0 ? d - 1 : NULL, ctx, err);
  if (status != VF_OK) return status;
  if (shares && m->info.host_known)
    vf_share_host(d, &m->info.host, d->d.in_catalog ? d->d.device.reserved_bytes : 8 * VF_GIB);
  else if (shares)
    vf_found_refuse(d, "its memory is main memory, which cannot be read");
  if (!d->memory_known) d->d.device.total_known = false;
  if (!d->memory_known) d->d.usable = false;
  d->d.device.used_is_live = d->d.used_known;
  return VF_OK;
}

/* What main memory there is for what stays on the host. */
static void settle_host(vf_machine *m, const char *root) {
  bool coherent = false;
  if (!m->info.host_known) return;
  for (size_t i = 0; i < m->findings.n_devices; i++) coherent |= m->found[i].coherent;
  if (coherent) vf_host_memory_without_gpus(&m->info.host, root);
  for (size_t i = 0; i < m->findings.n_devices; i++)
    m->found[i].d.device.host_memory_bytes = m->info.host.usable_free_bytes;
}

static vf_status put_together(vf_machine *m, const char *root, const vf_context *ctx,
                              vf_error *err) {
  vf_findings *f = &m->findings;
  for (size_t i = 0; i < f->n_devices; i++) {
    vf_status status = finish_device(m, i, ctx, err);
    if (status != VF_OK) return status;
  }
  settle_host(m, root);
  for (size_t i = 0; i < f->n_devices; i++) m->devices[i] = m->found[i].d;
  for (size_t i = 0; i < f->n_notes; i++) m->notes[i] = f->notes[i];
  m->info.devices = m->devices;
  m->info.n_devices = f->n_devices;
  m->info.driver_version = m->driver_version;
  m->info.notes = m->notes;
  m->info.n_notes = f->n_notes;
  return VF_OK;
}

vf_status vf_machine_detect(vf_machine **out, const vf_context *ctx,
                            const vf_machine_options *options, vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, ctx);
  vf_machine_options o = vf_machine_options_init();
  vf_status status = vf_take_struct(&o, sizeof o, options, "vf_machine_options", err);
  if (status != VF_OK) return status;
  const char *root = o.root != NULL ? o.root : "";
  if (strcmp(root, "/") == 0) root = "";
  struct stat st = {.st_mode = 0};
  if (root[0] != '\0' && (stat(root, &st) != 0 || !S_ISDIR(st.st_mode)))
    return vf_fail_at(err, VF_IO, root, "", "is no folder that can be looked into");
  vf_machine *m = ctx->allocator.alloc(ctx->allocator.user, sizeof *m);
  if (m == NULL) return vf_fail_nomem(err);
  m->allocator = ctx->allocator;
  m->info = (vf_machine_info){0};
  m->driver_version[0] = '\0';
  m->findings.devices = m->found;
  m->findings.capacity = VF_MAX_DEVICES;
  m->findings.n_devices = m->findings.n_notes = 0;
  look_at_memory(m, root);
  look_for_nvidia(m, root, o.nvml_path);
  vf_sysfs_find(&m->findings, root, m->info.host_known ? &m->info.host : NULL);
  look_for_oddities(m, root);
  status = put_together(m, root, ctx, err);
  if (status == VF_OK)
    *out = m;
  else
    vf_machine_free(m);
  return status;
}

const vf_machine_info *vf_machine_info_get(const vf_machine *m) {
  return m != NULL ? &m->info : NULL;
}

void vf_machine_free(vf_machine *m) {
  if (m != NULL) m->allocator.free(m->allocator.user, m);
}

/* ---- Choosing --------------------------------------------------------------------------- */

/* As if nobody held anything: also on unified memory all but the system's share. */
static void give(vf_device *out, const vf_machine *m, const vf_machine_device *d, bool empty) {
  *out = d->device;
  if (!empty) return;
  out->used_bytes = 0;
  out->used_is_live = false;
  if (m->info.host_known) out->host_memory_bytes = m->info.host.usable_bytes;
}

/* No GPU can be used: what is known of the reason. */
static vf_status no_gpu(const vf_machine *m, vf_error *err) {
  const vf_machine_info *i = &m->info;
  for (size_t k = 0; k < i->n_devices; k++)
    if (!i->devices[k].usable)
      return vf_fail(err, VF_UNKNOWN, "no GPU of this machine can be used: %s: %s",
                     i->devices[k].device.name, i->devices[k].note);
  for (size_t k = 0; k < i->n_notes; k++)
    if (strncmp(i->notes[k], "NVIDIA", 6) == 0)
      return vf_fail(err, VF_UNKNOWN, "no GPU of this machine can be used: %s", i->notes[k]);
  return vf_fail(err, VF_UNKNOWN,
                 "no GPU is found on this machine: name one (--gpu rtx-4090), or --gpu cpu");
}

static uint64_t free_of(const vf_machine_device *d) {
  return d->device.total_bytes - d->device.reserved_bytes - d->device.used_bytes;
}

/* What one process can use together: GPUs of one vendor, without the processor's own where there
 * are others; one instance of a GPU alone. */
static bool goes_with(const vf_machine_device *d, const vf_machine_device *first) {
  if (d->instance || first->instance) return d == first;
  return d->usable && d->device.backend == first->device.backend &&
         d->integrated == first->integrated;
}

static vf_status select_all(vf_device *out, size_t capacity, size_t *out_count, const vf_machine *m,
                            bool empty, vf_error *err) {
  const vf_machine_info *info = &m->info;
  const vf_machine_device *first = NULL;
  size_t n = 0;
  for (size_t i = 0; i < info->n_devices; i++) {
    const vf_machine_device *d = &info->devices[i];
    if (!d->usable) continue;
    if (first == NULL || (first->integrated && !d->integrated) ||
        (first->instance && (!d->instance || free_of(d) > free_of(first))))
      first = d;
  }
  if (first == NULL) return no_gpu(m, err);
  for (size_t i = 0; i < info->n_devices && n < capacity; i++)
    if (goes_with(&info->devices[i], first)) give(&out[n++], m, &info->devices[i], empty);
  *out_count = n;
  return VF_OK;
}

/* One number of "0,2". */
static vf_status select_one(vf_device *out, bool taken[VF_MAX_DEVICES], const vf_machine *m,
                            const char *text, size_t length, bool empty, vf_error *err) {
  uint64_t i;
  const vf_machine_info *info = &m->info;
  if (!vf_system_number(&i, text, length, 10))
    return vf_fail(err, VF_USAGE,
                   "'%.*s' is not the number of a device (auto:0,2; vramfit detect lists them)",
                   (int)(length < 40 ? length : 40), text);
  if (info->n_devices == 0) return no_gpu(m, err);
  if (i >= info->n_devices)
    return vf_fail(err, VF_UNKNOWN,
                   "auto:%.*s: this machine has %zu device%s (vramfit detect lists them)",
                   (int)(length < 20 ? length : 20), text, info->n_devices,
                   info->n_devices == 1 ? ", number 0" : "s, from 0");
  if (!info->devices[i].usable)
    return vf_fail(err, VF_UNKNOWN, "auto:%u, %s: %s", (unsigned)i, info->devices[i].device.name,
                   info->devices[i].note);
  if (taken[i]) return vf_fail(err, VF_USAGE, "auto: device %u is named twice", (unsigned)i);
  taken[i] = true;
  give(out, m, &info->devices[i], empty);
  return VF_OK;
}

/* CUDA shows a process no more than one instance. */
static vf_status check_instances(const bool *taken, size_t n, const vf_machine *m, vf_error *err) {
  for (size_t i = 0; n > 1 && i < m->info.n_devices; i++)
    if (taken[i] && m->info.devices[i].instance)
      return vf_fail(err, VF_USAGE,
                     "auto:%zu is an instance of a GPU (MIG), and a process uses no other device "
                     "beside one: name it alone",
                     i);
  return VF_OK;
}

vf_status vf_machine_select(vf_device *out, size_t capacity, size_t *out_count,
                            const vf_machine *machine, const char *text, bool empty,
                            vf_error *err) {
  VF_NEED(err, out);
  VF_NEED(err, out_count);
  VF_NEED(err, machine);
  VF_NEED(err, text);
  const vf_machine *m = machine;
  size_t n = 0;
  bool taken[VF_MAX_DEVICES] = {false};
  if (strncmp(text, "auto", 4) != 0 || (text[4] != '\0' && text[4] != ':'))
    return vf_fail(err, VF_USAGE, "'%.60s' is not auto, or auto:0,2", text);
  if (text[4] == '\0') return select_all(out, capacity, out_count, m, empty, err);
  for (const char *s = text + 5;; s++) {
    size_t length = strcspn(s, ",");
    if (n == capacity) return vf_fail(err, VF_LIMIT, "'%.60s': too many devices", text);
    vf_status status = select_one(&out[n], taken, m, s, length, empty, err);
    if (status != VF_OK) return status;
    n++;
    s += length;
    if (*s == '\0') break;
  }
  vf_status status = check_instances(taken, n, m, err);
  if (status == VF_OK) *out_count = n;
  return status;
}
