/* devices.h - the devices that --gpu names: of the catalog, or of this machine. */
#ifndef VF_CLI_DEVICES_H
#define VF_CLI_DEVICES_H

#include "options.h"

/* Whether --gpu asks for this machine: "auto", "auto:0,2". */
bool wants_this_machine(const args *a);

/* Looks at this machine, or at what lies under --sysroot. */
vf_status detect(vf_machine **out, const args *a, const vf_context *ctx, vf_error *err);

/* Fills out with the devices of --gpu.  On this machine --host-memory is what is free of it, unless
 * it is given: *host_memory_bytes, if it is 0. */
vf_status find_devices(vf_device *out, size_t capacity, size_t *out_count,
                       uint64_t *host_memory_bytes, const args *a, const vf_context *ctx,
                       vf_error *err);

#endif
