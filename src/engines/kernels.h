/* kernels.h - which stored formats an engine loads, and which GPU runs them with kernels of its
 * own. */
#ifndef VF_ENGINES_KERNELS_H
#define VF_ENGINES_KERNELS_H

#include "core/estimate.h"

typedef struct vf_kernel_rules {
  const char *engine;             /* as people write it */
  const char *const *checkpoints; /* quantization methods that it loads; NULL-terminated */
  bool gguf;                      /* it loads GGUF formats, too */
  bool strict;                    /* nothing is unpacked: a format without kernels is refused */
  bool compressed;                /* it has caches whose keys stand for several tokens */
  uint32_t marlin; /* least capability of Marlin's kernels in it; 0: as in vLLM today */
} vf_kernel_rules;

/* VF_UNSUPPORTED with the reason, or an assumption that tells what the engine falls back to. */
vf_status vf_kernels_check(vf_estimate *e, const vf_kernel_rules *rules, vf_error *err);

#endif
