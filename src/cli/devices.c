/* devices.c - names go to the catalog, "auto" to the machine. */
#include "devices.h"

#include <stdio.h>
#include <string.h>

#include "trouble.h"

bool wants_this_machine(const args *a) {
  return a->gpu != NULL && strncmp(a->gpu, "auto", 4) == 0 &&
         (a->gpu[4] == '\0' || a->gpu[4] == ':');
}

vf_status detect(vf_machine **out, const args *a, const vf_context *ctx, vf_error *err) {
  const vf_machine_options options = {.root = a->sysroot};
  return vf_machine_detect(out, ctx, &options, err);
}

/* Some of this machine's devices may be of no use; a verdict without them must say so. */
static void warn_of_others(const vf_machine *machine, const args *a) {
  const vf_machine_info *info = vf_machine_info_get(machine);
  if (a->quiet || strcmp(a->gpu, "auto") != 0) return;
  for (size_t i = 0; i < info->n_devices; i++) {
    const vf_machine_device *d = &info->devices[i];
    if (!d->usable)
      fprintf(stderr, "vramfit: warning: auto leaves out %u, %s: %s\n", (unsigned)d->index,
              d->device.name, d->note);
  }
}

/* A container's limit holds for the host's side of a model, but a shared pool is judged whole. */
static void warn_of_limit(const vf_machine *machine, const vf_device *first, const args *a) {
  uint64_t limit = vf_machine_info_get(machine)->host.limit_bytes;
  if (a->quiet || limit == 0 || first->kind != VF_DEVICE_UNIFIED) return;
  fprintf(
      stderr,
      "vramfit: warning: a control group allows %llu MiB of main memory: it binds what stays on "
      "the host, and not what the GPU takes of the pool\n",
      (unsigned long long)(limit >> 20));
}

static vf_status find_here(vf_device *out, size_t capacity, size_t *out_count,
                           uint64_t *host_memory_bytes, const args *a, const vf_context *ctx,
                           vf_error *err) {
  vf_machine *machine = NULL;
  vf_status status = detect(&machine, a, ctx, err);
  if (status == VF_OK)
    status = vf_machine_select(out, capacity, out_count, machine, a->gpu, a->total, err);
  if (status == VF_OK) warn_of_others(machine, a);
  if (status == VF_OK) warn_of_limit(machine, &out[0], a);
  if (status == VF_OK && *host_memory_bytes == 0) *host_memory_bytes = out[0].host_memory_bytes;
  vf_machine_free(machine);
  return status;
}

vf_status find_devices(vf_device *out, size_t capacity, size_t *out_count,
                       uint64_t *host_memory_bytes, const args *a, const vf_context *ctx,
                       vf_error *err) {
  if (wants_this_machine(a))
    return find_here(out, capacity, out_count, host_memory_bytes, a, ctx, err);
  if (a->total)
    return trouble(err, "--total",
                   "it goes with --gpu auto: what others hold is asked there alone");
  if (a->sysroot != NULL) return trouble(err, "--sysroot", "it goes with detect and --gpu auto");
  return vf_devices_parse(out, capacity, out_count, ctx, a->gpu, err);
}
