/* nvml.c - from the driver's library to devices with total, reserved, used and free memory.
 *
 * Memory that the driver does not tell (NOT_SUPPORTED, or a total of 0) is the mark of a pool that
 * is shared with the operating system, as on GB10: such a device is left to /proc/meminfo.  A GPU
 * that is cut into instances (MIG) is as many devices as it has instances. */
#include "machine/nvml.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "machine/nvml_api.h"

/* ---- The library ------------------------------------------------------------------------ */

#define MEMBER(name) offsetof(nvml_api, name)

/* Newest first.  A library that lacks a needed one is older than any that this program can ask. */
static const struct {
  size_t member;
  bool needed;
  const char *names[3];
} symbols[] = {
    {MEMBER(init), true, {"nvmlInit_v2", "nvmlInit"}},
    {MEMBER(shutdown), true, {"nvmlShutdown"}},
    {MEMBER(driver_version), false, {"nvmlSystemGetDriverVersion"}},
    {MEMBER(count), true, {"nvmlDeviceGetCount_v2", "nvmlDeviceGetCount"}},
    {MEMBER(handle), true, {"nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex"}},
    {MEMBER(name), true, {"nvmlDeviceGetName"}},
    {MEMBER(memory_v2), false, {"nvmlDeviceGetMemoryInfo_v2"}},
    {MEMBER(memory), true, {"nvmlDeviceGetMemoryInfo"}},
    {MEMBER(pci), false, {"nvmlDeviceGetPciInfo_v3", "nvmlDeviceGetPciInfo_v2"}},
    {MEMBER(compute_capability), false, {"nvmlDeviceGetCudaComputeCapability"}},
    {MEMBER(mig_mode), false, {"nvmlDeviceGetMigMode"}},
    {MEMBER(mig_count), false, {"nvmlDeviceGetMaxMigDeviceCount"}},
    {MEMBER(mig_handle), false, {"nvmlDeviceGetMigDeviceHandleByIndex"}},
    {MEMBER(processes),
     false,
     {"nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2"}},
};

/* The first function that the library lacks, or NULL.  C has no cast from void * to a function:
 * the bytes are copied, as POSIX means it. */
static const char *load_symbols(nvml_api *api, void *library) {
  for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
    void *symbol = NULL;
    for (size_t k = 0; k < 3 && symbol == NULL && symbols[i].names[k] != NULL; k++)
      symbol = dlsym(library, symbols[i].names[k]);
    if (symbol == NULL && symbols[i].needed) return symbols[i].names[0];
    memcpy((char *)api + symbols[i].member, &symbol, sizeof symbol);
  }
  return NULL;
}

/* Where drivers put it beside where the loader looks: WSL, distributions, containers. */
static const char *const folders[] = {
    "/usr/lib/wsl/lib",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
    NULL,
};
static const char library_name[] = "libnvidia-ml.so.1";

/* NULL if there is none; *why is then the loader's own words if there is a file that it refuses. */
static void *open_library(const char *root, const char *path, const char **why) {
  char name[4096];
  void *library = NULL;
  *why = NULL;
  if (path != NULL) library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
  if (path == NULL && root[0] == '\0') library = dlopen(library_name, RTLD_LAZY | RTLD_LOCAL);
  if (path != NULL && library == NULL) *why = dlerror();
  for (size_t i = 0; path == NULL && library == NULL && folders[i] != NULL; i++) {
    int n = snprintf(name, sizeof name, "%s%s/%s", root, folders[i], library_name);
    if (n < 0 || (size_t)n >= sizeof name) break;
    FILE *there = fopen(name, "rb");
    if (there == NULL) continue;
    fclose(there);
    library = dlopen(name, RTLD_LAZY | RTLD_LOCAL);
    if (library == NULL) *why = dlerror();
  }
  return library;
}

/* ---- What went wrong -------------------------------------------------------------------- */

/* What it means and what to do about it. */
static const char *reason(int code) {
  switch (code) {
  case NVML_NO_PERMISSION: return "permission denied: may this user open /dev/nvidiactl?";
  case NVML_DRIVER_NOT_LOADED:
    return "the kernel driver is not loaded (modprobe nvidia; a container needs --gpus all)";
  case NVML_LIBRARY_NOT_FOUND: return "a part of the driver's libraries is missing: reinstall it";
  case NVML_GPU_IS_LOST:
    return "the GPU has fallen off the bus: reset it (nvidia-smi -r) or restart the machine";
  case NVML_OPERATING_SYSTEM:
    return "the operating system or a control group keeps this process from the GPU";
  case NVML_LIB_RM_VERSION_MISMATCH:
    return "driver and library are of different versions: the driver was updated, restart the "
           "machine (a container: start it anew)";
  case NVML_GPU_NOT_FOUND: return "the GPU is no longer there";
  case NVML_NOT_SUPPORTED: return "the driver does not support that";
  default: return "an error that is not known here";
  }
}

/* ---- One device ------------------------------------------------------------------------- */

/* Some libraries are loath to tell what they do not know and answer with 0. */
static void leave_to_meminfo(vf_found *d) {
  d->d.device.kind = VF_DEVICE_UNIFIED;
}

/* Figures that cannot be are told, and then nothing is taken from them but the total. */
static void take_memory(vf_found *d, uint64_t total, uint64_t reserved, uint64_t used,
                        uint64_t free) {
  vf_device *v = &d->d.device;
  bool sane = reserved <= total && used <= total - reserved && free <= total - reserved;
  d->memory_known = true;
  v->total_known = true;
  v->total_bytes = total;
  v->reserved_bytes = d->reserved_known && sane ? reserved : 0;
  v->used_bytes = sane ? used : 0;
  d->d.used_known = sane;
  if (sane) return;
  d->reserved_known = false;
  vf_found_note(d,
                "the driver's figures cannot be right (total %llu, kept %llu, used %llu, free "
                "%llu MiB): say --used SIZE",
                (unsigned long long)(total / VF_MIB), (unsigned long long)(reserved / VF_MIB),
                (unsigned long long)(used / VF_MIB), (unsigned long long)(free / VF_MIB));
}

/* Version 2 tells what the driver keeps for itself.  Drivers that do not know it say so in several
 * ways; all other failures are the device's. */
static int read_memory_v2(vf_found *d, const nvml_api *api, nvml_device device) {
  nvml_memory_v2 m = {.version = NVML_MEMORY_V2};
  if (api->memory_v2 == NULL) return NVML_FUNCTION_NOT_FOUND;
  int code = api->memory_v2(device, &m);
  if (code == NVML_INVALID_ARGUMENT || code == NVML_ARGUMENT_VERSION_MISMATCH)
    return NVML_FUNCTION_NOT_FOUND;
  if (code != NVML_SUCCESS) return code;
  if (m.total == 0) return NVML_NOT_SUPPORTED;
  d->reserved_known = true;
  take_memory(d, m.total, m.reserved, m.used, m.free);
  return NVML_SUCCESS;
}

static int read_memory_v1(vf_found *d, const nvml_api *api, nvml_device device) {
  nvml_memory m = {0};
  int code = api->memory(device, &m);
  if (code != NVML_SUCCESS) return code;
  if (m.total == 0) return NVML_NOT_SUPPORTED;
  take_memory(d, m.total, 0, m.used, m.free);
  return NVML_SUCCESS;
}

static void read_memory(vf_found *d, const nvml_api *api, nvml_device device) {
  int code = read_memory_v2(d, api, device);
  if (code == NVML_FUNCTION_NOT_FOUND) code = read_memory_v1(d, api, device);
  if (code == NVML_NOT_SUPPORTED)
    leave_to_meminfo(d);
  else if (code != NVML_SUCCESS)
    vf_found_refuse(d, "%s (NVML error %d)", reason(code), code);
}

/* Processes that compute on it.  In a container they are those of the container alone. */
static void read_processes(vf_found *d, const nvml_api *api, nvml_device device) {
  enum { MOST = 128 };
  nvml_process list[MOST];
  unsigned n = MOST;
  memset(list, 0, sizeof list);
  if (api->processes == NULL) return;
  int code = api->processes(device, &n, list);
  if (code != NVML_SUCCESS && code != NVML_INSUFFICIENT_SIZE) return;
  d->d.processes = n;
  if (code != NVML_SUCCESS) return;
  for (unsigned i = 0; i < n && i < MOST; i++) {
    uint64_t bytes = list[i].used_bytes;
    if (bytes < UINT64_MAX - d->d.process_bytes) d->d.process_bytes += bytes;
  }
}

static void read_identity(vf_found *d, const nvml_api *api, nvml_device device) {
  nvml_pci pci;
  int major = 0, minor = 0, code = api->name(device, d->d.driver_name, sizeof d->d.driver_name);
  d->d.driver_name[sizeof d->d.driver_name - 1] = '\0';
  if (code != NVML_SUCCESS) d->d.driver_name[0] = '\0';
  if (code == NVML_GPU_IS_LOST || code == NVML_NO_PERMISSION)
    vf_found_refuse(d, "%s (NVML error %d)", reason(code), code);
  memset(&pci, 0, sizeof pci);
  if (api->pci != NULL && api->pci(device, &pci) == NVML_SUCCESS) {
    d->d.pci_vendor = (uint16_t)(pci.device_id & 0xFFFF);
    d->d.pci_device = (uint16_t)(pci.device_id >> 16);
    snprintf(d->d.bus_id, sizeof d->d.bus_id, "%04x:%02x:%02x.0", pci.domain & 0xFFFF,
             pci.bus & 0xFF, pci.device & 0xFF);
  }
  if (api->compute_capability != NULL &&
      api->compute_capability(device, &major, &minor) == NVML_SUCCESS && major > 0 && major < 100 &&
      minor >= 0 && minor < 10)
    d->d.device.compute_capability = (uint32_t)(major * 10 + minor);
}

static vf_found *add_device(vf_findings *out) {
  vf_found *d = vf_findings_add(out);
  if (d == NULL) return NULL;
  d->d.device.kind = VF_DEVICE_DISCRETE;
  d->d.device.backend = VF_BACKEND_CUDA;
  snprintf(d->d.source, sizeof d->d.source, "nvml");
  return d;
}

/* ---- Instances of one GPU --------------------------------------------------------------- */

static bool is_cut(const nvml_api *api, nvml_device device) {
  unsigned now = 0, next = 0;
  return api->mig_mode != NULL && api->mig_count != NULL && api->mig_handle != NULL &&
         api->mig_mode(device, &now, &next) == NVML_SUCCESS && now == 1;
}

/* Its name as the driver gives it ends in the profile, "… MIG 1g.10gb"; what an instance does not
 * tell about itself is the whole GPU's. */
static void add_instance(vf_findings *out, const nvml_api *api, nvml_device whole,
                         nvml_device instance) {
  char name[sizeof((vf_machine_device *)0)->driver_name];
  vf_found *d = add_device(out);
  if (d == NULL) return;
  read_identity(d, api, whole);
  snprintf(name, sizeof name, "%s", d->d.driver_name);
  d->d.instance = true;
  if (api->name(instance, d->d.driver_name, sizeof d->d.driver_name) != NVML_SUCCESS)
    snprintf(d->d.driver_name, sizeof d->d.driver_name, "%.80s MIG", name);
  d->d.driver_name[sizeof d->d.driver_name - 1] = '\0';
  if (d->d.usable) read_memory(d, api, instance);
  read_processes(d, api, instance);
}

static void add_instances(vf_findings *out, const nvml_api *api, nvml_device whole) {
  enum { MOST = 16 };
  unsigned slots = 0, found = 0;
  int failure = NVML_SUCCESS;
  if (api->mig_count(whole, &slots) != NVML_SUCCESS || slots > MOST) slots = MOST;
  for (unsigned i = 0; i < slots; i++) {
    nvml_device instance = NULL;
    int code = api->mig_handle(whole, i, &instance);
    if (code == NVML_SUCCESS) {
      add_instance(out, api, whole, instance);
      found++;
    } else if (code != NVML_NOT_FOUND && code != NVML_INVALID_ARGUMENT) {
      failure = code;
    }
  }
  if (found > 0) return;
  vf_found *d = add_device(out);
  if (d == NULL) return;
  read_identity(d, api, whole);
  if (failure != NVML_SUCCESS)
    vf_found_refuse(d, "its MIG instances: %s (NVML error %d)", reason(failure), failure);
  else
    vf_found_refuse(d, "MIG is on and there is no instance: make one (nvidia-smi mig -cgi) or "
                       "turn MIG off");
}

/* ---- All of them ------------------------------------------------------------------------ */

static void add_whole(vf_findings *out, const nvml_api *api, unsigned index) {
  nvml_device device = NULL;
  int code = api->handle(index, &device);
  if (code == NVML_SUCCESS && is_cut(api, device)) {
    add_instances(out, api, device);
    return;
  }
  vf_found *d = add_device(out);
  if (d == NULL) return;
  if (code != NVML_SUCCESS) {
    vf_found_refuse(d, "%s (NVML error %d)", reason(code), code);
    return;
  }
  read_identity(d, api, device);
  if (d->d.usable) read_memory(d, api, device);
  if (d->d.usable) read_processes(d, api, device);
}

static vf_nvml_result ask(vf_findings *out, char driver_version[80], const nvml_api *api) {
  unsigned n = 0;
  int code = api->init();
  if (code != NVML_SUCCESS) {
    vf_findings_note(out, "NVIDIA: %s (NVML error %d)", reason(code), code);
    return VF_NVML_FAILED;
  }
  if (api->driver_version == NULL ||
      api->driver_version(driver_version, NVML_VERSION_SIZE) != NVML_SUCCESS)
    driver_version[0] = '\0';
  driver_version[NVML_VERSION_SIZE - 1] = '\0';
  code = api->count(&n);
  if (code != NVML_SUCCESS)
    vf_findings_note(out, "NVIDIA: the driver does not count its GPUs: %s (NVML error %d)",
                     reason(code), code);
  else if (n == 0)
    vf_findings_note(out, "NVIDIA: the driver is loaded and has no GPU");
  for (unsigned i = 0; code == NVML_SUCCESS && i < n; i++) {
    if (out->n_devices == out->capacity) n = i + 1; /* the next one says that there are more */
    add_whole(out, api, i);
  }
  api->shutdown();
  return code == NVML_SUCCESS ? VF_NVML_ASKED : VF_NVML_FAILED;
}

vf_nvml_result vf_nvml_find(vf_findings *out, char driver_version[80], const char *root,
                            const char *path) {
  nvml_api api = {0};
  const char *why;
  driver_version[0] = '\0';
  void *library = open_library(root, path, &why);
  if (library == NULL && why == NULL) return VF_NVML_ABSENT;
  if (library == NULL) {
    vf_findings_note(out, "NVIDIA: the driver's library cannot be loaded: %.150s", why);
    return VF_NVML_FAILED;
  }
  vf_nvml_result result = VF_NVML_FAILED;
  const char *lacking = load_symbols(&api, library);
  if (lacking == NULL)
    result = ask(out, driver_version, &api);
  else
    vf_findings_note(out, "NVIDIA: the driver's library has no %s: it is too old, update it",
                     lacking);
  dlclose(library);
  return result;
}
