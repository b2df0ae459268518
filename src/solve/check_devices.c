/* check_devices.c - which devices a deployment of a file runs on.
 *
 * A manifest names a GPU as its nodes' labels do, "NVIDIA-H100-80GB-HBM3", or as a cloud does: the
 * maker is taken off, then part by part what is behind, as long as the memory that the name states
 * is what the device has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "solve/check.h"

enum { NAME_BYTES = 128 };

/* "NVIDIA-H100-80GB-HBM3" without its maker, in small letters with dashes. */
static void plain_name(char out[NAME_BYTES], const char *name) {
  static const char *const makers[] = {"nvidia-gpu-", "nvidia-tesla-", "nvidia-geforce-",
                                       "nvidia-",     "amd-instinct-", "amd-",
                                       "tesla-",      "geforce-"};
  size_t n = 0;
  for (const char *c = name; *c != '\0' && n + 1 < NAME_BYTES; c++) {
    char letter = *c == ' ' || *c == '_' ? '-' : *c;
    out[n++] = letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
  }
  out[n] = '\0';
  for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) {
    size_t m = strlen(makers[i]);
    if (strncmp(out, makers[i], m) != 0 || out[m] == '\0') continue;
    memmove(out, out + m, n - m + 1);
    break;
  }
  if (strncmp(out, "rtx", 3) != 0 || out[3] == '-' || out[3] == '\0') return;
  n = strlen(out);
  if (n + 1 < NAME_BYTES) memmove(out + 4, out + 3, n - 2), out[3] = '-'; /* "rtx4090" */
}

/* "-40gb" in a name is what the device has; 0: the name does not say. */
static uint64_t stated_bytes(const char *name) {
  for (const char *s = name; (s = strstr(s, "gb")) != NULL; s += 2) {
    const char *start = s;
    while (start > name && start[-1] >= '0' && start[-1] <= '9') start--;
    if (start < s) return strtoull(start, NULL, 10) * UINT64_C(1000000000);
  }
  return 0;
}

/* Within a seventh: 80 "GB" are 80 GiB, less what the driver keeps. */
static bool has_stated_memory(const vf_device *d, uint64_t bytes) {
  uint64_t slack = bytes / 7;
  return bytes == 0 || (d->total_bytes >= bytes - slack && d->total_bytes <= bytes + slack);
}

/* As it stands, then part by part less of it: "h100-80gb-hbm3", "h100-80gb", "h100". */
static bool find_device(const vf_context *ctx, vf_device devices[VF_MAX_DEVICES], size_t *n,
                        const char *name) {
  char text[NAME_BYTES];
  if (strlen(name) >= NAME_BYTES || strchr(name, '$') != NULL) return false;
  if (vf_devices_parse(devices, VF_MAX_DEVICES, n, ctx, name, NULL) == VF_OK) return true;
  plain_name(text, name);
  uint64_t bytes = stated_bytes(text);
  for (char *dash = text; dash != NULL;) {
    if (text[0] != '\0' && vf_devices_parse(devices, VF_MAX_DEVICES, n, ctx, text, NULL) == VF_OK)
      return has_stated_memory(&devices[0], bytes);
    dash = strrchr(text, '-');
    if (dash != NULL) *dash = '\0';
  }
  return false;
}

/* "0,1": how many are visible; 0: all, or it cannot be told. */
static uint32_t count_visible(const char *visible) {
  uint32_t n = 1;
  if (visible == NULL || visible[0] == '\0' || strcmp(visible, "all") == 0 ||
      vf_word_is_unknown(visible) || strcmp(visible, "void") == 0)
    return 0;
  for (const char *c = visible; *c != '\0'; c++) n += *c == ',';
  return n;
}

/* As many as the manifest says, or as the engine has ranks. */
static uint32_t count_wanted(const vf_checked *k, const vf_deployment *d) {
  uint32_t visible = count_visible(k->gpus.visible);
  const vf_deployment *own = &k->deployment;
  if (own->training && own->gpus > 1) return own->gpus; /* of all its nodes */
  uint64_t ranks = (uint64_t)vf_max_u32(d->request.tp, 1) * vf_max_u32(d->request.pp, 1) *
                   vf_max_u32(d->request.dp, 1);
  if (k->gpus.spans && k->gpus.count != 0 && ranks > k->gpus.count && ranks % k->gpus.count == 0 &&
      ranks <= VF_MAX_DEVICES)
    return (uint32_t)ranks; /* of several machines with so many each */
  if (k->gpus.count != 0 && (visible == 0 || k->gpus.count < visible)) return k->gpus.count;
  if (visible != 0) return visible;
  return ranks <= VF_MAX_DEVICES ? (uint32_t)ranks : 1;
}

/* The slice of it that the manifest asks for; false: it has no such. */
static bool take_slice(vf_check *c, size_t *n, const char *slice) {
  char name[2 * NAME_BYTES];
  if (slice == NULL || *n != 1 || strchr(c->devices[0].id, ':') != NULL) return slice == NULL;
  snprintf(name, sizeof name, "%.*s:%.*s", NAME_BYTES - 1, c->devices[0].id, NAME_BYTES - 1, slice);
  return vf_devices_parse(c->devices, VF_MAX_DEVICES, n, c->ctx, name, NULL) == VF_OK;
}

bool vf_check_device(vf_check *c, vf_deployment *d, const vf_checked *k, const char *name) {
  vf_device *devices = c->devices;
  size_t n = 0;
  if (!find_device(c->ctx, devices, &n, name) || !take_slice(c, &n, k->gpus.slice)) return false;
  bool counted = k->gpus.count != 0 || count_visible(k->gpus.visible) != 0;
  bool whole = n > 1 && !counted; /* a machine with several, of which all are meant */
  d->gpu = whole ? vf_check_keep(c, name) : vf_check_keep(c, devices[0].id);
  d->gpus = whole ? 0 : count_wanted(k, d);
  if (d->gpus == 1) d->gpus = 0;
  d->machine = NULL;
  return d->gpu != NULL;
}

bool vf_check_policy(vf_check *c, vf_deployment *d, const vf_checked *k) {
  size_t n = 0;
  const vf_deployment *p = &c->policy;
  if (p->gpu == NULL) return false;
  d->gpu = p->gpu;
  d->gpus = p->gpus;
  d->machine = p->machine;
  d->empty = p->empty;
  if (p->gpus == 0 && p->machine == NULL &&
      vf_devices_parse(c->devices, VF_MAX_DEVICES, &n, c->ctx, p->gpu, NULL) == VF_OK && n == 1) {
    d->gpus = count_wanted(k, d);
    if (d->gpus == 1) d->gpus = 0;
    if (k->gpus.slice != NULL && take_slice(c, &n, k->gpus.slice))
      d->gpu = vf_check_keep(c, c->devices[0].id);
  }
  return d->gpu != NULL;
}
