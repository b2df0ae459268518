/* place.h - workloads that share a box.
 *
 * SPDX-License-Identifier: MIT */
#ifndef VRAMFIT_PLACE_H
#define VRAMFIT_PLACE_H

#include "vramfit/vramfit.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Workloads that share a box --------------------------------------------------------- */

/* What a file says about a box and what runs on it, worked out. */
typedef struct vf_place vf_place;

/* What counts more than the file; of all of it 0 and NULL leave it to the file. */
typedef struct vf_place_options {
  size_t struct_size;       /* of the caller's struct, as vf_place_options_init() sets it */
  const char *gpu;          /* as for vf_devices_parse; a compose file does not say */
  const vf_device *devices; /* these, as they are; NULL: those that gpu or the file names */
  size_t device_count;
  const char *scenario;       /* this one alone; NULL: all */
  uint64_t memory_bytes;      /* of each device, as an engine sees it */
  uint64_t host_memory_bytes; /* main memory, where it is another pool */
  uint64_t used_bytes;        /* held by others on each device */
  bool has_headroom;
  uint64_t headroom_bytes;
  uint32_t headroom_permille;
} vf_place_options;

/* Options that leave everything to the file. */
static inline vf_place_options vf_place_options_init(void) {
  vf_place_options o;
  memset(&o, 0, sizeof o);
  o.struct_size = sizeof o;
  return o;
}

/* Reads our own form or what `docker compose config --format json` prints, and works it out;
 * options may be NULL: as vf_place_options_init() leaves them.  The devices in them are copied.
 * VF_IO and VF_MALFORMED with the line and the key, VF_UNKNOWN for a name of a model, a device, an
 * engine or a scenario that nobody has, VF_UNSUPPORTED for a workload that its engine refuses,
 * VF_LIMIT for more devices, workloads or scenarios than share a box. */
VF_API VF_MUST_USE vf_status vf_place_open(vf_place **out, const vf_context *ctx, const char *path,
                                           const vf_place_options *options, vf_error *err);

/* How many there are: one at least, but 0 for NULL. */
VF_API size_t vf_place_scenarios(const vf_place *place);

/* Options of the programs' command lines that were not understood: each may move memory. */
VF_API size_t vf_place_remarks(const vf_place *place);

/* Of memory, in one scenario; beyond the last one the worst of all; VF_NO_FIT for NULL. */
VF_API vf_verdict vf_place_verdict(const vf_place *place, size_t scenario);

VF_API void vf_place_free(vf_place *place);

#ifdef __cplusplus
}
#endif
#endif
