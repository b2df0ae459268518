/* apple.h - Apple silicon: one pool, of which macOS lets the GPU have a share. */
#ifndef VF_MACHINE_APPLE_H
#define VF_MACHINE_APPLE_H

#include "machine/found.h"
#include "vramfit/inspect.h"

/* Main memory and the GPU, where this was built for macOS; elsewhere VF_UNSUPPORTED. */
vf_status vf_apple_find(vf_findings *out, vf_host_memory *host, vf_error *err);

#endif
