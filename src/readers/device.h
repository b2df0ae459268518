/* device.h - one entry of the catalog of devices as a vf_device. */
#ifndef VF_READERS_DEVICE_H
#define VF_READERS_DEVICE_H

#include "readers/catalog.h"

/* Reads the entry; with a profile (NULL: none), the instance of it that the profile describes.  A
 * profile that the entry does not have is VF_UNKNOWN. */
vf_status vf_device_read(vf_device *out, const vf_catalog_entry *entry, const char *profile,
                         const vf_context *ctx, vf_error *err);

/* So many equal devices, spread evenly over so many machines. */
typedef struct vf_node {
  vf_device device;
  unsigned count, hosts;
} vf_node;

/* Reads an entry of VF_CATALOG_NODES. */
vf_status vf_node_read(vf_node *out, const vf_catalog_entry *entry, const vf_context *ctx,
                       vf_error *err);

#endif
