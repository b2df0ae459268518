/* devices.h - the devices that --gpu names: of the catalog, or of this machine. */
#ifndef VF_CLI_DEVICES_H
#define VF_CLI_DEVICES_H

#include "options.h"

/* Looks at this machine, or at what lies under --sysroot; once, and for everybody who asks. */
vf_status detect(const vf_machine **out, const args *a, const vf_context *ctx, vf_error *err);

/* What detect() found goes with the program. */
void forget_machine(void);

/* The machine that a deployment's device, or a list of devices, asks for, with warnings about what
 * is left out of the verdict; NULL if it asks for none. */
vf_status find_machine(const vf_machine **out, const vf_deployment *d, const char *list,
                       const args *a, const vf_context *ctx, vf_error *err);

#endif
