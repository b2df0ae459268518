/* machine.c - what was found on a machine, as a table or as events.
 *
 * A line per device: what the driver has, what it keeps, what others hold, what is free.  What is
 * odd stands below, and names the device by its number. */
#include <inttypes.h>
#include <string.h>

#include "base/args.h"
#include "base/units.h"
#include "core/words.h"
#include "report/document.h"

enum { NAME_WIDTH = 24, CELL_WIDTH = 9 };

static uint64_t free_bytes(const vf_machine_device *d) {
  uint64_t taken = d->device.reserved_bytes + d->device.used_bytes;
  return taken < d->device.total_bytes ? d->device.total_bytes - taken : 0;
}

static const char *shown_name(const vf_machine_device *d) {
  return d->driver_name[0] != '\0' ? d->driver_name : d->device.name;
}

/* ---- The table -------------------------------------------------------------------------- */

static void put_cell(vf_out *out, bool known, uint64_t bytes, vf_unit unit) {
  char buf[32];
  vf_text text = vf_text_on(buf, sizeof buf);
  if (known)
    vf_text_size(&text, bytes, unit, 2);
  else
    vf_text_put(&text, "-");
  vf_out_printf(out, "%*s", CELL_WIDTH, buf);
}

/* Escaped: a name is whatever a driver says, in ASCII where it is a sane one. */
static size_t make_name(char *buf, size_t size, const vf_machine_device *d) {
  vf_text text = vf_text_on(buf, size);
  const char *name = shown_name(d);
  vf_text_escaped(&text, name, strlen(name));
  return text.length < size ? text.length : size - 1;
}

static int name_width(const vf_machine_info *info) {
  char buf[128];
  size_t widest = NAME_WIDTH;
  for (size_t i = 0; i < info->n_devices; i++) {
    size_t n = make_name(buf, sizeof buf, &info->devices[i]);
    if (n > widest) widest = n;
  }
  return (int)widest;
}

static void put_device(vf_out *out, const vf_machine_device *d, int width, vf_unit unit) {
  char buf[128];
  bool total = d->device.total_known;
  make_name(buf, sizeof buf, d);
  vf_out_printf(out, "%3u  %-*s", (unsigned)d->index, width, buf);
  put_cell(out, total, d->device.total_bytes, unit);
  put_cell(out, total, d->device.reserved_bytes, unit);
  put_cell(out, total && d->used_known, d->device.used_bytes, unit);
  put_cell(out, total && d->used_known, free_bytes(d), unit);
  vf_out_printf(out, "  %s\n", d->in_catalog ? d->device.id : "not in the catalog");
}

/* "main memory": without the system's share, which nobody sets apart on its own behalf. */
static void put_host(vf_out *out, const char *label, uint64_t total, uint64_t left, int width,
                     vf_unit unit) {
  vf_out_printf(out, "     %-*s", width, label);
  put_cell(out, true, total, unit);
  put_cell(out, false, 0, unit);
  put_cell(out, true, total - left, unit);
  put_cell(out, true, left, unit);
  vf_out_put(out, "\n");
}

static void put_memory(vf_out *out, const vf_host_memory *h, int width, vf_unit unit) {
  put_host(out, "main memory", h->total_bytes, h->free_bytes, width, unit);
  if (h->limit_bytes != 0)
    put_host(out, "of it, within the limit", h->usable_bytes, h->usable_free_bytes, width, unit);
  if (h->swap_bytes == 0) return;
  put_host(out, "swap (counted nowhere)", h->swap_bytes, h->swap_free_bytes, width, unit);
}

static void put_remark(vf_out *out, const vf_machine_device *d, const char *text) {
  char buf[300];
  vf_text t = vf_text_on(buf, sizeof buf);
  vf_text_escaped(&t, text, strlen(text));
  vf_out_printf(out, "  %u: %s\n", (unsigned)d->index, buf);
}

static void put_remarks(vf_out *out, const vf_machine_device *d, vf_unit unit) {
  char buf[200];
  vf_text t = vf_text_on(buf, sizeof buf);
  if (d->note[0] != '\0') put_remark(out, d, d->note);
  if (d->device.kind == VF_DEVICE_UNIFIED && d->usable)
    put_remark(out, d, "its memory is main memory, shared with the operating system");
  if (d->processes == 0) return;
  vf_text_printf(&t, "%u %s on it", (unsigned)d->processes,
                 d->processes == 1 ? "process computes" : "processes compute");
  if (d->process_bytes != 0) {
    vf_text_put(&t, d->processes == 1 ? " and holds " : " and hold ");
    vf_text_size(&t, d->process_bytes, unit, 2);
    vf_text_printf(&t, " %s", vf_unit_name(unit));
  }
  put_remark(out, d, buf);
}

static void put_notes(vf_out *out, const vf_machine_info *info) {
  for (size_t i = 0; i < info->n_notes; i++) {
    char buf[300];
    vf_text t = vf_text_on(buf, sizeof buf);
    vf_text_escaped(&t, info->notes[i], strlen(info->notes[i]));
    vf_out_printf(out, "  %s\n", buf);
  }
}

static bool has_remarks(const vf_machine_info *info) {
  for (size_t i = 0; i < info->n_devices; i++) {
    const vf_machine_device *d = &info->devices[i];
    if (d->note[0] != '\0' || d->processes != 0 || d->device.kind == VF_DEVICE_UNIFIED) return true;
  }
  return info->n_notes > 0 || info->n_devices == 0;
}

static void put_page(vf_out *out, const void *result, const vf_report_options *options) {
  const vf_machine_info *info = result;
  vf_unit unit = options->unit;
  int width = name_width(info);
  vf_out_printf(out, "  #  %-*s%*s%*s%*s%*s%s\n", width, unit == VF_UNIT_GIB ? "GiB" : "GB",
                CELL_WIDTH, "total", CELL_WIDTH, "kept", CELL_WIDTH, "used", CELL_WIDTH, "free",
                info->n_devices > 0 ? "  catalog" : "");
  for (size_t i = 0; i < info->n_devices; i++) put_device(out, &info->devices[i], width, unit);
  if (info->host_known) put_memory(out, &info->host, width, unit);
  if (has_remarks(info)) vf_out_put(out, "\n");
  if (info->n_devices == 0) vf_out_put(out, "  no GPU is found\n");
  for (size_t i = 0; i < info->n_devices; i++) put_remarks(out, &info->devices[i], unit);
  put_notes(out, info);
}

/* ---- JSON ------------------------------------------------------------------------------- */

static const char *const backend_word[VF_BACKEND_COUNT] = {
    [VF_BACKEND_CPU] = "cpu",       [VF_BACKEND_CUDA] = "cuda", [VF_BACKEND_ROCM] = "rocm",
    [VF_BACKEND_METAL] = "metal",   [VF_BACKEND_SYCL] = "sycl", [VF_BACKEND_OTHER] = "other",
    [VF_BACKEND_VULKAN] = "vulkan",
};

static void json_identity(vf_doc *j, const vf_machine_device *d) {
  char ids[16], capability[16];
  vf_text t = vf_text_on(ids, sizeof ids);
  vf_doc_u64(j, "index", d->index);
  vf_doc_string(j, "name", shown_name(d));
  if (d->in_catalog) vf_doc_string(j, "id", d->device.id);
  vf_doc_string(j, "kind", vf_device_kind_word[d->device.kind]);
  vf_doc_string(j, "backend", backend_word[d->device.backend]);
  vf_doc_string(j, "source", d->source);
  vf_doc_bool(j, "usable", d->usable);
  if (d->integrated) vf_doc_bool(j, "integrated", true);
  if (d->instance) vf_doc_bool(j, "instance", true);
  if (d->bus_id[0] != '\0') vf_doc_string(j, "pci_address", d->bus_id);
  vf_text_printf(&t, "%04x:%04x", (unsigned)d->pci_vendor, (unsigned)d->pci_device);
  if (d->pci_vendor != 0) vf_doc_string(j, "pci_id", ids);
  vf_text c = vf_text_on(capability, sizeof capability);
  vf_text_printf(&c, "%u.%u", (unsigned)(d->device.compute_capability / 10),
                 (unsigned)(d->device.compute_capability % 10));
  if (d->device.compute_capability != 0) vf_doc_string(j, "compute_capability", capability);
}

static void json_device(vf_doc *j, const vf_machine_device *d) {
  vf_doc_open_row(j, NULL);
  json_identity(j, d);
  if (d->device.total_known) {
    vf_doc_u64(j, "total_bytes", d->device.total_bytes);
    vf_doc_u64(j, "reserved_bytes", d->device.reserved_bytes);
  }
  if (d->device.total_known && d->used_known) {
    vf_doc_u64(j, "used_bytes", d->device.used_bytes);
    vf_doc_u64(j, "free_bytes", free_bytes(d));
  }
  if (d->processes != 0) vf_doc_u64(j, "processes", d->processes);
  if (d->process_bytes != 0) vf_doc_u64(j, "process_bytes", d->process_bytes);
  if (d->note[0] != '\0') vf_doc_string(j, "note", d->note);
  vf_doc_close(j, '}');
}

static void json_host(vf_doc *j, const vf_host_memory *h) {
  vf_doc_open(j, "host", '{');
  vf_doc_u64(j, "total_bytes", h->total_bytes);
  vf_doc_u64(j, "free_bytes", h->free_bytes);
  vf_doc_u64(j, "usable_bytes", h->usable_bytes);
  vf_doc_u64(j, "usable_free_bytes", h->usable_free_bytes);
  if (h->limit_bytes != 0) vf_doc_u64(j, "limit_bytes", h->limit_bytes);
  vf_doc_u64(j, "swap_bytes", h->swap_bytes);
  vf_doc_u64(j, "swap_free_bytes", h->swap_free_bytes);
  vf_doc_u64(j, "huge_pages_bytes", h->huge_pages_bytes);
  vf_doc_u64(j, "huge_pages_free_bytes", h->huge_pages_free_bytes);
  vf_doc_close(j, '}');
}

static void events(vf_doc *j, const void *result) {
  const vf_machine_info *info = result;
  vf_doc_open(j, NULL, '{');
  vf_doc_string(j, "format_version", VF_DOC_VERSION);
  if (info->driver_version[0] != '\0')
    vf_doc_string(j, "nvidia_driver_version", info->driver_version);
  vf_doc_open(j, "devices", '[');
  for (size_t i = 0; i < info->n_devices; i++) json_device(j, &info->devices[i]);
  vf_doc_close(j, ']');
  if (info->host_known) json_host(j, &info->host);
  vf_doc_open(j, "notes", '[');
  for (size_t i = 0; i < info->n_notes; i++) vf_doc_string(j, NULL, info->notes[i]);
  vf_doc_close(j, ']');
  vf_doc_close(j, '}');
}

vf_status vf_machine_write(const vf_machine *machine, const vf_report_options *options,
                           vf_write_fn write, void *user, vf_error *err) {
  VF_NEED(err, machine);
  VF_NEED(err, write);
  return vf_result_write(options, 0, put_page, events, vf_machine_info_get(machine), write, user,
                         err);
}
