/* measured.h - one entry of the catalog of workloads: what a program was seen to take. */
#ifndef VF_READERS_MEASURED_H
#define VF_READERS_MEASURED_H

#include "readers/catalog.h"

/* How far a figure is to be trusted. */
typedef enum vf_quality {
  VF_QUALITY_MEASURED, /* seen by someone */
  VF_QUALITY_VENDOR,   /* said by its makers */
  VF_QUALITY_ESTIMATE, /* said or worked out by others */
  VF_QUALITY_COUNT
} vf_quality;

extern const char *const vf_quality_word[VF_QUALITY_COUNT + 1];

/* Whether a figure has the process's context in it. */
typedef enum vf_scope { VF_SCOPE_UNKNOWN, VF_SCOPE_PROCESS, VF_SCOPE_ALLOCATOR } vf_scope;

/* One way to run one workload. */
typedef struct vf_measured {
  char id[VF_NAME_SIZE], variant[40], name[64], task[32], dtype[64];
  size_t n_variants; /* of the entry */
  vf_interval memory;
  uint64_t host_bytes; /* main memory besides; 0: not known */
  vf_scope scope;
  vf_quality quality;
} vf_measured;

/* Reads the entry, all of it is checked; variant NULL is the first one.  A variant that it does not
 * have is VF_UNKNOWN. */
vf_status vf_measured_read(vf_measured *out, const vf_catalog_entry *entry, const char *variant,
                           const vf_context *ctx, vf_error *err);

/* By name, "f5-tts", or with a variant behind a colon, "faster-whisper-large-v3:int8". */
vf_status vf_measured_find(vf_measured *out, const vf_context *ctx, const char *name,
                           vf_error *err);

#endif
