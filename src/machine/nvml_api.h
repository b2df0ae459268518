/* nvml_api.h - the part of NVIDIA's management library that is used, declared here.
 *
 * Nothing of NVIDIA is needed to build.  Names, values and layouts are those of the NVML API
 * reference (nvml.h 13.3.29); structures were measured on LP64, where x86-64 and aarch64 agree.
 * The library is always asked for versioned names: the unversioned ones in NVIDIA's header are
 * macros for the newest version, but in the library they are the oldest. */
#ifndef VF_MACHINE_NVML_API_H
#define VF_MACHINE_NVML_API_H

#include <stdint.h>

/* nvmlReturn_t, as far as it makes a difference. */
enum nvml_return {
  NVML_SUCCESS = 0,
  NVML_INVALID_ARGUMENT = 2,
  NVML_NOT_SUPPORTED = 3,
  NVML_NO_PERMISSION = 4,
  NVML_NOT_FOUND = 6,
  NVML_INSUFFICIENT_SIZE = 7,
  NVML_DRIVER_NOT_LOADED = 9,
  NVML_LIBRARY_NOT_FOUND = 12,
  NVML_FUNCTION_NOT_FOUND = 13,
  NVML_GPU_IS_LOST = 15,
  NVML_OPERATING_SYSTEM = 17, /* blocked by the operating system or a control group */
  NVML_LIB_RM_VERSION_MISMATCH = 18,
  NVML_ARGUMENT_VERSION_MISMATCH = 25,
  NVML_GPU_NOT_FOUND = 28,
};

typedef struct nvml_device_st *nvml_device;

/* Where pointers have 32 bits, some align 64-bit numbers to 4 bytes, and so does the library. */
#define NVML_SIZED(type, bytes) (sizeof(void *) < 8 || sizeof(type) == (bytes))

/* nvmlMemory_t: `used` includes what the driver keeps. */
typedef struct nvml_memory {
  uint64_t total, free, used;
} nvml_memory;
_Static_assert(NVML_SIZED(nvml_memory, 24), "as in nvml.h");

/* nvmlMemory_v2_t: `used` does not include `reserved`. */
typedef struct nvml_memory_v2 {
  uint32_t version;
  uint64_t total, reserved, free, used;
} nvml_memory_v2;
_Static_assert(NVML_SIZED(nvml_memory_v2, 40), "as in nvml.h");
enum { NVML_MEMORY_V2 = sizeof(nvml_memory_v2) | (2 << 24) };

/* nvmlPciInfo_t of nvmlDeviceGetPciInfo_v3; older versions fill less of it. */
typedef struct nvml_pci {
  char legacy_bus_id[16];
  uint32_t domain, bus, device;
  uint32_t device_id; /* device in the upper half, vendor in the lower */
  uint32_t subsystem_id;
  char bus_id[32];
  char spare[64]; /* not in nvml.h: a longer version than the one known here harms nobody */
} nvml_pci;

/* nvmlProcessInfo_t of the functions _v2 and _v3. */
typedef struct nvml_process {
  uint32_t pid;
  uint64_t used_bytes; /* all ones: not known (WDDM) */
  uint32_t gpu_instance, compute_instance;
} nvml_process;
_Static_assert(NVML_SIZED(nvml_process, 24), "as in nvml.h");

enum { NVML_NAME_SIZE = 96, NVML_VERSION_SIZE = 80 };

/* The functions, by what they take.  All return an nvmlReturn_t. */
typedef struct nvml_api {
  int (*init)(void);
  int (*shutdown)(void);
  int (*driver_version)(char *out, unsigned size);
  int (*count)(unsigned *out);
  int (*handle)(unsigned index, nvml_device *out);
  int (*name)(nvml_device device, char *out, unsigned size);
  int (*memory_v2)(nvml_device device, nvml_memory_v2 *out);
  int (*memory)(nvml_device device, nvml_memory *out);
  int (*pci)(nvml_device device, nvml_pci *out);
  int (*compute_capability)(nvml_device device, int *major, int *minor);
  int (*mig_mode)(nvml_device device, unsigned *current, unsigned *pending);
  int (*mig_count)(nvml_device device, unsigned *out);
  int (*mig_handle)(nvml_device device, unsigned index, nvml_device *out);
  int (*processes)(nvml_device device, unsigned *count, nvml_process *out);
} nvml_api;

#endif
