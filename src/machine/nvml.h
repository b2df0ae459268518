/* nvml.h - NVIDIA's devices, asked of the driver's own library.
 *
 * The library is loaded when it is asked for and unloaded afterwards; whatever it answers is told,
 * never trusted. */
#ifndef VF_MACHINE_NVML_H
#define VF_MACHINE_NVML_H

#include "machine/found.h"

/* What became of asking. */
typedef enum vf_nvml_result {
  VF_NVML_ABSENT, /* no library: no driver, or a container without it */
  VF_NVML_FAILED, /* a note says why */
  VF_NVML_ASKED
} vf_nvml_result;

/* Adds its devices.  root: "" or the folder that stands for "/"; a library of its own is then
 * looked for in it.  path: the library, NULL: where drivers put it. */
vf_nvml_result vf_nvml_find(vf_findings *out, char driver_version[80], const char *root,
                            const char *path);

#endif
