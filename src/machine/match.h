/* match.h - which entry of the catalog a device is. */
#ifndef VF_MACHINE_MATCH_H
#define VF_MACHINE_MATCH_H

#include "machine/found.h"
#include "readers/catalog.h"

/* Completes the device: everything but its memory from the catalog, by PCI id, then by the words
 * of its name, of several the one with the nearest memory.  One that is nobody's keeps what is
 * known, with the costs that its vendor's devices have.  `before` is a device that was matched, or
 * NULL: one like it is not searched for again.  Fails for want of memory alone. */
vf_status vf_match(vf_found *d, const vf_found *before, const vf_context *ctx, vf_error *err);

#endif
