/* sysfs.h - devices as Linux shows them under /sys, without any vendor's library. */
#ifndef VF_MACHINE_SYSFS_H
#define VF_MACHINE_SYSFS_H

#include "machine/found.h"
#include "vramfit/inspect.h"

/* Adds AMD's and Intel's GPUs.  host may be NULL where main memory is not known. */
void vf_sysfs_find(vf_findings *out, const char *root, const vf_host_memory *host);

/* Whether an NVIDIA GPU is on the PCI bus; out_ids gets "10de:2684" of the first one. */
bool vf_sysfs_has_nvidia(char out_ids[16], const char *root);

/* Adds a Jetson's GPU, which is on no bus. */
void vf_sysfs_find_jetson(vf_findings *out, const char *root);

/* What a pool shared with the system is for applications: total, reserve and use of a unified
 * device, out of main memory; `keep_bytes` is what the system is left. */
void vf_share_host(vf_found *d, const vf_host_memory *host, uint64_t keep_bytes);

#endif
