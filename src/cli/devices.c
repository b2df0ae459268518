/* devices.c - names go to the catalog, "auto" to the machine. */
#include "devices.h"

#include <stdio.h>
#include <string.h>

#include "trouble.h"

/* Whether one of a list with commas is. */
static bool names_this_machine(const char *list) {
  for (const char *s = list; s != NULL && *s != '\0';) {
    size_t n = strcspn(s, ",");
    if (n >= 4 && memcmp(s, "auto", 4) == 0 && (n == 4 || s[4] == ':')) return true;
    s += n + (s[n] == ',');
  }
  return false;
}

/* ---- The machine ------------------------------------------------------------------------ */

static vf_machine *here; /* of the whole program: asking drivers takes its time */

vf_status detect(const vf_machine **out, const args *a, const vf_context *ctx, vf_error *err) {
  const vf_machine_options options = {.struct_size = sizeof options, .root = a->sysroot};
  vf_status status = VF_OK;
  if (here == NULL) status = vf_machine_detect(&here, ctx, &options, err);
  if (status == VF_OK) *out = here;
  return status;
}

void forget_machine(void) {
  vf_machine_free(here);
  here = NULL;
}

/* Some of this machine's devices may be of no use; a verdict without them must say so. */
static void warn_of_others(const vf_machine *machine) {
  const vf_machine_info *info = vf_machine_info_get(machine);
  for (size_t i = 0; i < info->n_devices; i++) {
    const vf_machine_device *d = &info->devices[i];
    if (!d->usable)
      fprintf(stderr, "vramfit: warning: auto leaves out %u, %s: %s\n", (unsigned)d->index,
              d->device.name, d->note);
  }
}

/* A container's limit holds for the host's side of a model, but a shared pool is judged whole. */
static void warn_of_limit(const vf_machine *machine) {
  const vf_machine_info *info = vf_machine_info_get(machine);
  bool shared = false;
  for (size_t i = 0; i < info->n_devices; i++)
    shared |= info->devices[i].usable && info->devices[i].device.kind == VF_DEVICE_UNIFIED;
  if (info->host.limit_bytes == 0 || !shared) return;
  fprintf(
      stderr,
      "vramfit: warning: a control group allows %llu MiB of main memory: it binds what stays on "
      "the host, and not what the GPU takes of the pool\n",
      (unsigned long long)(info->host.limit_bytes >> 20));
}

static bool any_usable(const vf_machine *machine) {
  const vf_machine_info *info = vf_machine_info_get(machine);
  for (size_t i = 0; i < info->n_devices; i++)
    if (info->devices[i].usable) return true;
  return false;
}

vf_status find_machine(const vf_machine **out, const vf_deployment *d, const char *list,
                       const args *a, const vf_context *ctx, vf_error *err) {
  const char *gpu = list != NULL ? list : d->gpu;
  *out = NULL;
  if (!names_this_machine(gpu)) {
    if (d->empty)
      return trouble(err, "--total",
                     "it goes with --gpu auto: what others hold is asked there alone");
    if (a->sysroot != NULL) return trouble(err, "--sysroot", "it goes with detect and --gpu auto");
    return VF_OK;
  }
  bool first = here == NULL;
  vf_status status = detect(out, a, ctx, err);
  if (status != VF_OK || a->quiet || !first || !any_usable(*out)) return status;
  if (strcmp(gpu, "auto") == 0) warn_of_others(*out);
  warn_of_limit(*out);
  return VF_OK;
}
