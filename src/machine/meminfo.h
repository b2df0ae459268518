/* meminfo.h - main memory: /proc/meminfo, and the limits that a control group sets. */
#ifndef VF_MACHINE_MEMINFO_H
#define VF_MACHINE_MEMINFO_H

#include "machine/found.h"
#include "vramfit/inspect.h"

/* Reads the text of /proc/meminfo; what it lacks is 0.  VF_MALFORMED without a MemTotal that can
 * be.  Remarks go to `notes`, which may be NULL. */
vf_status vf_meminfo_parse(vf_host_memory *out, const char *text, size_t length, vf_findings *notes,
                           vf_error *err);

/* A key of a text of "key value" lines, as memory.stat is one; false if it has none. */
bool vf_cgroup_stat(uint64_t *out, const char *text, size_t length, const char *key);

/* The folder of this process's group, of the controller for memory, out of /proc/self/cgroup:
 * "/a/b"; *v2 says of which hierarchy.  False if there is none that can be trusted. */
bool vf_cgroup_path(char *out, size_t size, bool *v2, const char *text, size_t length);

/* /proc/meminfo under root, then the limits that hold for this process: the tightest of its groups.
 */
vf_status vf_host_memory_read(vf_host_memory *out, vf_findings *notes, const char *root,
                              vf_error *err);

/* On Grace a GPU's memory is a NUMA node without processors, and may be counted as main memory:
 * takes such nodes out. */
void vf_host_memory_without_gpus(vf_host_memory *h, const char *root);

#endif
