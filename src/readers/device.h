/* device.h - a catalog's entry as a device. */
#ifndef VF_READERS_DEVICE_H
#define VF_READERS_DEVICE_H

#include "readers/catalog.h"

/* Reads an entry of VF_CATALOG_GPUS, with what its class adds. */
vf_status vf_device_read(vf_device *out, const vf_catalog_entry *entry, const vf_context *ctx,
                         vf_error *err);

#endif
