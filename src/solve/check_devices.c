/* check_devices.c - which devices a deployment of a file runs on.
 *
 * A manifest names a GPU as its nodes' labels do, "NVIDIA-H100-80GB-HBM3", or as a cloud does: the
 * maker is taken off, then part by part what is behind, as long as the memory that the name states
 * is what the device has. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/text.h"
#include "deploy/setup.h"
#include "readers/device_list.h"
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

/* ---- How many --------------------------------------------------------------------------- */

static uint64_t count_ranks(const vf_deployment *d) {
  return (uint64_t)vf_max_u32(d->request.tp, 1) * vf_max_u32(d->request.pp, 1) *
         vf_max_u32(d->request.dp, 1);
}

/* How many the manifest gives it; 0: it does not say. */
static uint32_t count_given(const vf_checked *k, const vf_deployment *d) {
  const vf_deployment *own = &k->deployment;
  const vf_found_gpus *g = &k->gpus;
  uint64_t ranks = count_ranks(d);
  if (own->training && own->gpus > 1) return own->gpus; /* of all its nodes */
  if (g->spans && g->count != 0 && ranks > g->count && ranks % g->count == 0 &&
      ranks <= VF_MAX_DEVICES)
    return (uint32_t)ranks; /* of several machines with so many each */
  if (g->visible_told && (g->count == 0 || g->n_visible < g->count)) return g->n_visible;
  return g->count;
}

static uint32_t with_count(uint32_t count) {
  return count == 1 ? 0 : count;
}

/* A kind of device has as many as are given, or as the engine has ranks. */
static void take_kind(vf_check *c, vf_deployment *d, const vf_checked *k, const char *gpu) {
  uint32_t given = count_given(k, d);
  uint64_t ranks = count_ranks(d);
  d->gpu = vf_check_keep(c, gpu);
  d->gpus = with_count(given != 0 ? given : ranks <= VF_MAX_DEVICES ? (uint32_t)ranks : 1);
}

/* ---- Some of those that there are ------------------------------------------------------- */

/* The smallest come first: which of them it gets is not said. */
static void sort_by_memory(vf_device *devices, size_t n) {
  for (size_t i = 1; i < n; i++)
    for (size_t j = i; j > 0 && devices[j].total_bytes < devices[j - 1].total_bytes; j--) {
      vf_device other = devices[j];
      devices[j] = devices[j - 1];
      devices[j - 1] = other;
    }
}

/* Of this machine the first ones, as the engine would count them: "auto:0,1". */
static void take_first_here(vf_check *c, vf_deployment *d, uint32_t count) {
  char text[8 * VF_MAX_DEVICES];
  const char *list = strchr(d->gpu, ':');
  vf_text t = vf_text_on(text, sizeof text);
  vf_text_put(&t, "auto:");
  for (uint32_t i = 0; i < count; i++) {
    size_t n = list != NULL ? strcspn(list + 1, ",") : 0;
    if (list != NULL)
      vf_text_printf(&t, "%s%.*s", i > 0 ? "," : "", (int)n, list + 1);
    else
      vf_text_printf(&t, "%s%" PRIu32, i > 0 ? "," : "", i);
    if (list != NULL) list += 1 + n;
  }
  d->gpu = vf_check_keep(c, text);
  d->gpus = 0;
}

static void take_some(vf_check *c, vf_deployment *d, size_t n, uint32_t count) {
  char text[VF_MAX_DEVICES * 48];
  bool alike = true;
  if (d->machine != NULL) {
    take_first_here(c, d, count);
    return;
  }
  sort_by_memory(c->devices, n);
  for (uint32_t i = 1; i < count; i++) alike &= strcmp(c->devices[i].id, c->devices[0].id) == 0;
  vf_text t = vf_text_on(text, sizeof text);
  for (uint32_t i = 0; i < (alike ? 1 : count); i++)
    vf_text_printf(&t, "%s%.40s", i > 0 ? "+" : "", c->devices[i].id);
  d->gpu = vf_check_keep(c, text);
  d->gpus = alike ? with_count(count) : 0;
}

/* ---- Parts of them ---------------------------------------------------------------------- */

/* The slice that the manifest asks for, of the first device that has it; false: none has. */
static bool take_slice(vf_check *c, size_t *n, const char *slice) {
  char name[2 * NAME_BYTES];
  vf_device found;
  size_t one;
  for (size_t i = 0; i < *n; i++) {
    const char *id = c->devices[i].id, *colon = strchr(id, ':');
    if (colon != NULL && strcmp(colon + 1, slice) != 0) continue;
    snprintf(name, sizeof name, "%.*s:%.*s", (int)strcspn(id, ":"), id, NAME_BYTES - 1, slice);
    if (vf_devices_parse(&found, 1, &one, c->ctx, name, NULL) != VF_OK) continue;
    c->devices[0] = found;
    *n = 1;
    return true;
  }
  return false;
}

/* A share of each, as HAMi's scheduler deals them out. */
static void limit_memory(const vf_check *c, size_t n, vf_deployment *d, const vf_found_gpus *g) {
  uint64_t least = UINT64_MAX;
  for (size_t i = 0; i < n; i++)
    if (c->devices[i].total_bytes < least) least = c->devices[i].total_bytes;
  if (g->limit_percent != 0) least = least / 100 * g->limit_percent;
  if (g->limit_bytes != 0 && g->limit_bytes < least) least = g->limit_bytes;
  if ((g->limit_bytes != 0 || g->limit_percent != 0) &&
      (d->memory_bytes == 0 || least < d->memory_bytes))
    d->memory_bytes = least;
}

/* ---- Which ------------------------------------------------------------------------------ */

/* "l4x2": what is judged, and what one of them is called. */
static bool name_judged(vf_check *c, vf_checked *k, const vf_deployment *d, const char *one) {
  char text[VF_MAX_DEVICES * 48];
  if (d->gpu == NULL || one == NULL) return false;
  snprintf(text, sizeof text, d->gpus > 1 ? "%.6000sx%" PRIu32 : "%.6000s", d->gpu, d->gpus);
  k->device = one;
  k->judged_on = d->gpus > 1 ? vf_check_keep(c, text) : d->gpu;
  return k->judged_on != NULL;
}

/* The n devices in the check that are called `gpu`; counted: there are no more of them. */
static vf_devices_choice choose(vf_check *c, vf_deployment *d, vf_checked *k, size_t n,
                                bool counted) {
  const char *gpu = d->gpu, *slice = k->gpus.slice;
  bool host = n == 1 && c->devices[0].kind == VF_DEVICE_HOST;
  uint32_t given = count_given(k, d);
  if (!host && k->gpus.unclear != NULL) {
    vf_checked_add(c, k, VF_RULE_NOT_JUDGED, "%.300s", k->gpus.unclear);
    return VF_DEVICES_NOT_JUDGED;
  }
  if (!host && !k->deployment.training && given > VF_MAX_DEVICES) {
    vf_checked_add(c, k, VF_RULE_NOT_JUDGED,
                   "it takes %" PRIu32 " GPUs: no more than %d are worked out at once", given,
                   VF_MAX_DEVICES);
    return VF_DEVICES_NOT_JUDGED;
  }
  if (!host && slice != NULL) {
    if (!take_slice(c, &n, slice)) {
      vf_checked_add(c, k, VF_RULE_NOT_JUDGED,
                     "it asks for a slice %.40s, which %.60s does not have", slice, gpu);
      return VF_DEVICES_NOT_JUDGED;
    }
    counted = false;
  }
  limit_memory(c, n, d, &k->gpus);
  if (slice != NULL || !counted) {
    gpu = slice != NULL ? c->devices[0].id : gpu;
    if (!host) take_kind(c, d, k, gpu);
    return name_judged(c, k, d, d->gpu) ? VF_DEVICES_MADE : VF_DEVICES_NO_MEMORY;
  }
  if (given > n && !k->gpus.spans) {
    vf_checked_add(c, k, k->deployment.training ? VF_RULE_NOT_JUDGED : VF_RULE_REFUSED,
                   "it takes %" PRIu32 " GPUs, and %.60s stands for %zu", given, gpu, n);
    k->judged_on = gpu;
    return k->deployment.training ? VF_DEVICES_NOT_JUDGED : VF_DEVICES_REFUSED;
  }
  const char *one = vf_check_keep(c, c->devices[0].id);
  if (given > n)
    take_kind(c, d, k, one); /* of several such machines */
  else if (given != 0 && given < n)
    take_some(c, d, n, given);
  return name_judged(c, k, d, one) ? VF_DEVICES_MADE : VF_DEVICES_NO_MEMORY;
}

vf_devices_choice vf_check_device(vf_check *c, vf_deployment *d, vf_checked *k, const char *name) {
  size_t n = 0;
  if (!find_device(c->ctx, c->devices, &n, name)) return VF_DEVICES_UNKNOWN;
  bool counted = n > 1 || vf_devices_counted(c->ctx, name);
  d->gpu = counted && vf_devices_counted(c->ctx, name) ? vf_check_keep(c, name)
                                                       : vf_check_keep(c, c->devices[0].id);
  d->gpus = 0;
  d->machine = NULL;
  return d->gpu != NULL ? choose(c, d, k, n, counted) : VF_DEVICES_NO_MEMORY;
}

vf_devices_choice vf_check_policy(vf_check *c, vf_deployment *d, vf_checked *k) {
  const vf_deployment *p = &c->policy;
  size_t n = 0;
  if (p->gpu == NULL || vf_deployment_devices(c->devices, &n, c->ctx, p, NULL) != VF_OK)
    return VF_DEVICES_UNKNOWN;
  d->gpu = p->gpu;
  d->gpus = p->gpus;
  d->machine = p->machine;
  d->empty = p->empty;
  bool counted = n > 1 || p->gpus != 0 || p->machine != NULL || vf_devices_counted(c->ctx, p->gpu);
  return choose(c, d, k, n, counted);
}
