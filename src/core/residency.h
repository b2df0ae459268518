/* residency.h - which models a server keeps loaded that loads them on demand.
 *
 * Ollama's rules: so many models at once; another one must fit whole into what is free, else the
 * model whose time runs out first is unloaded, until it does; the first one is loaded in any case.
 * Source: ollama server/sched.go; a model fits that takes at most 80 % of what is free. */
#ifndef VF_CORE_RESIDENCY_H
#define VF_CORE_RESIDENCY_H

#include "core/coreside.h"

enum { VF_RESIDENCY_STEPS = 64, VF_KEEP_FOREVER = -1 };

typedef struct vf_resident {
  uint64_t need_bytes;
  int64_t keep_alive_s; /* negative: forever; 0: unloaded when it has answered */
} vf_resident;

typedef enum vf_residency_event {
  VF_RESIDENT_LOADED,
  VF_RESIDENT_REUSED,
  VF_RESIDENT_PARTLY, /* the first one, which does not fit: layers go to main memory */
  VF_RESIDENT_REFUSED /* it does not fit even alone beside what others hold */
} vf_residency_event;

typedef struct vf_residency_step {
  uint32_t item;      /* index into residents */
  uint32_t evicted;   /* mask: unloaded to make room */
  uint32_t for_count; /* of those, because too many would be loaded */
  uint32_t loaded;    /* mask: loaded afterwards */
  vf_residency_event event;
} vf_residency_step;

/* Asks for the models in this order; free_bytes is what the server has for all of them. */
void vf_residency_run(vf_residency_step *out, const vf_resident *residents,
                      const uint32_t *requests, size_t n_requests, uint64_t free_bytes,
                      uint32_t max_loaded);

#endif
