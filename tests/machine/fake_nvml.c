/* fake_nvml.c - a library that answers as NVIDIA's does, out of $FAKE_NVML.
 *
 * The variable holds what goes wrong and the devices, separated by ';':
 *   init=9             what nvmlInit answers; also count=N
 *   DEVICE             KEY=VALUE,KEY=VALUE…: one GPU, in order
 * Keys of a device: name, pci (hexadecimal, device and vendor: 2684:10de), cc (8.9), total,
 * reserved, used, free (MiB, up to 64 bits), mem, mem2, handle, namecode, mignow (what the call
 * answers; mignow=1: MIG is on), mig (PROFILE/MIB: an instance; any number), migcode, procs (count
 * of processes), procmib (of each).
 *
 * Built once more with FAKE_OLD: a library of before the second version of anything; and with
 * FAKE_BROKEN: one that lacks what every driver has. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef struct instance {
  char profile[24];
  uint64_t mib;
} instance;

typedef struct fake {
  char name[128];
  unsigned device_id, vendor_id;
  int major, minor;
  uint64_t total, reserved, used, free;
  int mem, mem2, handle, namecode, migcode;
  int mig_on;
  unsigned n_instances;
  instance instances[8];
  unsigned procs;
  uint64_t procmib;
} fake;

static fake devices[64];
static unsigned n_devices;
static int init_code, count_code;
static long long forced_count = -1;

/* ---- The variable ----------------------------------------------------------------------- */

static void set_instance(fake *f, const char *value) {
  instance *i = &f->instances[f->n_instances++ % 8];
  const char *slash = strchr(value, '/');
  size_t n = slash != NULL ? (size_t)(slash - value) : strlen(value);
  snprintf(i->profile, sizeof i->profile, "%.*s", (int)n, value);
  i->mib = slash != NULL ? strtoull(slash + 1, NULL, 10) : 0;
  f->mig_on = 1;
}

static void set(fake *f, const char *key, const char *value) {
  const struct {
    const char *key;
    int *to;
  } codes[] = {{"mem", &f->mem},           {"mem2", &f->mem2},       {"handle", &f->handle},
               {"namecode", &f->namecode}, {"migcode", &f->migcode}, {"mignow", &f->mig_on}};
  const struct {
    const char *key;
    uint64_t *to;
  } sizes[] = {{"total", &f->total},
               {"reserved", &f->reserved},
               {"used", &f->used},
               {"free", &f->free},
               {"procmib", &f->procmib}};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    if (strcmp(key, codes[i].key) == 0) *codes[i].to = atoi(value);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    if (strcmp(key, sizes[i].key) == 0) *sizes[i].to = strtoull(value, NULL, 10) << 20;
  if (strcmp(key, "name") == 0) snprintf(f->name, sizeof f->name, "%s", value);
  if (strcmp(key, "pci") == 0) sscanf(value, "%x:%x", &f->device_id, &f->vendor_id);
  if (strcmp(key, "cc") == 0) sscanf(value, "%d.%d", &f->major, &f->minor);
  if (strcmp(key, "procs") == 0) f->procs = (unsigned)strtoul(value, NULL, 10);
  if (strcmp(key, "mig") == 0) set_instance(f, value);
}

static void read_device(char *text) {
  char *next;
  fake *f = &devices[n_devices++ % 64];
  memset(f, 0, sizeof *f);
  f->mem2 = f->mem = -1;
  for (char *pair = strtok_r(text, ",", &next); pair != NULL; pair = strtok_r(NULL, ",", &next)) {
    char *equals = strchr(pair, '=');
    if (equals == NULL) continue;
    *equals = '\0';
    set(f, pair, equals + 1);
  }
}

static void read_variable(void) {
  static char text[8192];
  char *next;
  const char *from = getenv("FAKE_NVML");
  n_devices = 0;
  init_code = count_code = 0;
  forced_count = -1;
  snprintf(text, sizeof text, "%s", from != NULL ? from : "");
  for (char *part = strtok_r(text, ";", &next); part != NULL; part = strtok_r(NULL, ";", &next)) {
    if (strncmp(part, "init=", 5) == 0)
      init_code = atoi(part + 5);
    else if (strncmp(part, "countcode=", 10) == 0)
      count_code = atoi(part + 10);
    else if (strncmp(part, "count=", 6) == 0)
      forced_count = atoll(part + 6);
    else
      read_device(part);
  }
}

/* ---- Handles: a device, or an instance of one ------------------------------------------- */

typedef struct handle {
  fake *device;
  instance *instance;
} handle;

static handle whole[64], parts[64][8];

static int fill_name(const handle *h, char *out, unsigned size) {
  char name[192];
  if (h->device->namecode != 0) return h->device->namecode;
  snprintf(name, sizeof name, "%s%s%s", h->device->name, h->instance != NULL ? " MIG " : "",
           h->instance != NULL ? h->instance->profile : "");
  /* as a careless library would: without a terminator if it does not fit */
  strncpy(out, name, size);
  return 0;
}

/* ---- The symbols ------------------------------------------------------------------------ */

#ifdef FAKE_OLD
#define INIT   nvmlInit
#define COUNT  nvmlDeviceGetCount
#define HANDLE nvmlDeviceGetHandleByIndex
#define PCI    nvmlDeviceGetPciInfo_v2
#else
#define INIT   nvmlInit_v2
#define COUNT  nvmlDeviceGetCount_v2
#define HANDLE nvmlDeviceGetHandleByIndex_v2
#define PCI    nvmlDeviceGetPciInfo_v3
#endif

typedef struct memory {
  uint64_t total, free, used;
} memory;

typedef struct memory_v2 {
  uint32_t version;
  uint64_t total, reserved, free, used;
} memory_v2;

typedef struct pci_info {
  char legacy[16];
  uint32_t domain, bus, device, id, subsystem;
  char bus_id[32];
} pci_info;

typedef struct process {
  uint32_t pid;
  uint64_t used;
  uint32_t gpu, compute;
} process;

EXPORT int INIT(void);
EXPORT int nvmlShutdown(void);
EXPORT int nvmlSystemGetDriverVersion(char *out, unsigned size);
EXPORT int COUNT(unsigned *out);
EXPORT int HANDLE(unsigned index, handle **out);
EXPORT int nvmlDeviceGetName(handle *h, char *out, unsigned size);
EXPORT int nvmlDeviceGetMemoryInfo(handle *h, memory *out);
EXPORT int nvmlDeviceGetMemoryInfo_v2(handle *h, memory_v2 *out);
EXPORT int PCI(handle *h, pci_info *out);
EXPORT int nvmlDeviceGetCudaComputeCapability(handle *h, int *major, int *minor);
EXPORT int nvmlDeviceGetMigMode(handle *h, unsigned *now, unsigned *next);
EXPORT int nvmlDeviceGetMaxMigDeviceCount(handle *h, unsigned *out);
EXPORT int nvmlDeviceGetMigDeviceHandleByIndex(handle *h, unsigned i, handle **out);
EXPORT int nvmlDeviceGetComputeRunningProcesses_v3(handle *h, unsigned *n, process *out);

int INIT(void) {
  read_variable();
  return init_code;
}

int nvmlShutdown(void) {
  return 0;
}

int nvmlSystemGetDriverVersion(char *out, unsigned size) {
  snprintf(out, size, "580.65.06");
  return 0;
}

int COUNT(unsigned *out) {
  *out = forced_count >= 0 ? (unsigned)forced_count : n_devices;
  return count_code;
}

int HANDLE(unsigned index, handle **out) {
  unsigned i = n_devices > 0 ? index % n_devices : 0;
  if (devices[i].handle != 0) return devices[i].handle;
  whole[i].device = &devices[i];
  *out = &whole[i];
  return 0;
}

#ifndef FAKE_BROKEN
int nvmlDeviceGetName(handle *h, char *out, unsigned size) {
  return fill_name(h, out, size);
}
#endif

static uint64_t total_of(const handle *h) {
  return h->instance != NULL ? h->instance->mib << 20 : h->device->total;
}

int nvmlDeviceGetMemoryInfo(handle *h, memory *out) {
  if (h->device->mem >= 0) return h->device->mem;
  out->total = total_of(h);
  out->used = h->device->used + h->device->reserved;
  out->free = h->device->free != 0 ? h->device->free : out->total - out->used;
  return 0;
}

#ifndef FAKE_OLD
int nvmlDeviceGetMemoryInfo_v2(handle *h, memory_v2 *out) {
  if (out->version != 0x02000028) return 25;
  if (h->device->mem2 >= 0) return h->device->mem2;
  if (h->device->mem >= 0) return h->device->mem;
  out->total = total_of(h);
  out->reserved = h->instance != NULL ? 0 : h->device->reserved;
  out->used = h->device->used;
  out->free = h->device->free != 0 ? h->device->free : out->total - out->reserved - out->used;
  return 0;
}

int nvmlDeviceGetMigMode(handle *h, unsigned *now, unsigned *next) {
  if (h->device->mig_on == 0) return 3;
  *now = *next = (unsigned)h->device->mig_on;
  return 0;
}

int nvmlDeviceGetMaxMigDeviceCount(handle *h, unsigned *out) {
  (void)h;
  *out = 7;
  return 0;
}

/* Slot 0 is empty, as a slot between two instances can be. */
int nvmlDeviceGetMigDeviceHandleByIndex(handle *h, unsigned i, handle **out) {
  if (h->device->migcode != 0) return h->device->migcode;
  if (i == 0 || i > h->device->n_instances) return 6;
  handle *part = &parts[h - whole][i - 1];
  *part = (handle){h->device, &h->device->instances[i - 1]};
  *out = part;
  return 0;
}

int nvmlDeviceGetComputeRunningProcesses_v3(handle *h, unsigned *n, process *out) {
  unsigned room = *n;
  *n = h->device->procs;
  if (h->device->procs > room) return 7;
  for (unsigned i = 0; i < h->device->procs; i++)
    out[i] = (process){1000 + i, h->device->procmib != 0 ? h->device->procmib : UINT64_MAX, 0, 0};
  return 0;
}
#endif

int PCI(handle *h, pci_info *out) {
  memset(out, 0, sizeof *out);
  out->bus = 0x41;
  out->id = h->device->device_id << 16 | (h->device->vendor_id & 0xFFFF);
  return h->device->device_id != 0 ? 0 : 3;
}

int nvmlDeviceGetCudaComputeCapability(handle *h, int *major, int *minor) {
  *major = h->device->major;
  *minor = h->device->minor;
  return h->device->major != 0 ? 0 : 3;
}
